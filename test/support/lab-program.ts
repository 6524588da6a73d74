import { consoleProgress } from "../../lab/progress";
import { ensureToolchain } from "../../lab/toolchain";
import type { ProgramName } from "../../lab/toolchain/programs";

/** Path of a program of the lab's toolchain; built at the first call ever. */
export async function labProgram(name: ProgramName): Promise<string> {
  const { paths } = await ensureToolchain({ progress: consoleProgress(), names: [name] });
  return paths[name];
}
