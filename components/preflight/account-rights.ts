/** Which of the required rights the account lacks, and where. */
import type { Found } from "./found";
import { requiredPrivileges, type PrivilegeScope } from "./privileges";
import type { Reference, ServiceContent, VcenterApi } from "./vcenter-api";

export interface MissingRights {
  readonly scope: PrivilegeScope;
  readonly assignment: string;
  readonly privileges: readonly string[];
}

/** Asks vCenter itself, so groups, inherited and global permissions count as they do in an operation. */
export async function missingRights(
  api: VcenterApi,
  content: ServiceContent,
  found: Found,
  userName: string,
): Promise<readonly MissingRights[]> {
  const objects: Readonly<Record<PrivilegeScope, readonly Reference[]>> = {
    vcenter: [content.rootFolder],
    folderParent: optional(found.folder ?? found.folderParent),
    templates: found.templates.map((template) => template.reference),
    computeCluster: optional(found.computeCluster),
    datastore: optional(found.datastore),
    portGroup: optional(found.portGroup),
  };
  const entities = Object.values(objects).flat();
  const answers = await api.invoke<readonly { readonly entity: Reference; readonly privileges?: readonly string[] }[]>(
    content.authorizationManager,
    "FetchUserPrivilegeOnEntities",
    { entities, userName },
  );
  const granted = new Map(answers.map(({ entity, privileges }) => [entity.value, new Set(privileges ?? [])]));
  return requiredPrivileges.flatMap(({ scope, assignment, privileges }) => {
    const missing = Object.keys(privileges).filter((privilege) =>
      objects[scope].some((entity) => !granted.get(entity.value)?.has(privilege)),
    );
    return missing.length === 0 ? [] : [{ scope, assignment, privileges: missing }];
  });
}

function optional(reference: Reference | undefined): readonly Reference[] {
  return reference === undefined ? [] : [reference];
}
