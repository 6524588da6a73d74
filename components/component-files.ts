/** Cluster API's releases in a folder of the site (`mirrors.components: folder`). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { providerFolder, type ProviderFiles, type ProviderPlan } from "../render/cluster-api/providers";
import { Refusal } from "./refusal";

/** Reads a provider's release; the folder is below the project's where its path is not absolute. Throws Refusal with what is missing. */
export function readProviderFiles(path: string, provider: ProviderPlan): ProviderFiles {
  const folder = providerFolder(path, provider);
  const read = (name: string) => {
    try {
      return readFileSync(join(folder, name), "utf8");
    } catch (error) {
      throw new Refusal(
        `mirrors.components: ${provider.label} ${provider.version} should lie in ${folder}: ${(error as Error).message}\n` +
          `Put ${provider.componentsFile} and metadata.yaml of its release there (docs/air-gap.md).`,
      );
    }
  };
  return { metadata: read("metadata.yaml"), components: read(provider.componentsFile) };
}
