/** The CA that meshed sites share: found where one of them has it already, made once where none has. */
import { parseClusterReference } from "../plan/names";
import type { Drafts } from "../plan/facts";
import type { Secrets } from "../config/secrets";
import { CommandError } from "./command";

type MeshCa = Secrets["meshCa"];

/** Sites that a site meshes with, directly or through others, itself included, ascending. */
export function meshOf(drafts: Drafts, site: string): string[] {
  const neighbours = (name: string): string[] => [
    ...Object.values(drafts[name]?.clusters ?? {}).flatMap((cluster) =>
      cluster.meshWith.map((reference) => parseClusterReference(reference).site),
    ),
    ...Object.entries(drafts)
      .filter(([, { clusters }]) =>
        Object.values(clusters ?? {}).some((cluster) =>
          cluster.meshWith.some((reference) => parseClusterReference(reference).site === name),
        ),
      )
      .map(([other]) => other),
  ];
  const found = new Set([site]);
  for (const name of found) neighbours(name).forEach((other) => found.add(other));
  return [...found].sort();
}

export interface MeshMember {
  readonly site: string;
  /** Reads the CA that the site's stack holds; undefined where it holds none. May ask `pulumi`. */
  readonly read: () => MeshCa | undefined;
}

/** The one CA of a mesh's members, or undefined where none has one yet. Throws where two differ. */
export function sharedMeshCa(members: readonly MeshMember[]): MeshCa | undefined {
  const held = members.flatMap(({ site, read }) => {
    const ca = read();
    return ca === undefined ? [] : [{ site, ca }];
  });
  const [first] = held;
  const other = held.find(({ ca }) => ca.certificate !== first?.ca.certificate);
  if (first !== undefined && other !== undefined) {
    throw new CommandError(
      `meshCa: ${first.site} and ${other.site} are meshed and have different ones. Remedy: rotate it for all of them at once (--rotate meshCa)`,
    );
  }
  return first?.ca;
}
