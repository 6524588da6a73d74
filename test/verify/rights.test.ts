/** verify's rights, as a real API server grants them: enough for every question, and for nothing else. */
import { delimiter, dirname } from "node:path";
import { parse, stringify } from "yaml";
import { verifyRules, type VerifyScope } from "../../render/verify-access";
import { clusterApiKinds } from "../../verify/cluster-api";
import { ofKind, withKubeApi } from "../../verify/kubernetes";
import { ciliumKinds, workloadKinds } from "../../verify/cluster-view";
import { startKubeApi, type KubeApi } from "../support/kube-api";
import { labProgram } from "../support/lab-program";

jest.setTimeout(180_000);

let api: KubeApi;
const path = process.env.PATH;

const account = (scope: VerifyScope) => `verify-${scope.toLowerCase()}`;

/** A kubeconfig with which the administrator acts as somebody else. */
function asUser(user: string): string {
  const config = parse(api.kubeconfig) as { users: { user: Record<string, unknown> }[] };
  return stringify({ ...config, users: config.users.map((each) => ({ ...each, user: { ...each.user, as: user } })) });
}

beforeAll(async () => {
  process.env.PATH = [dirname(await labProgram("kubectl")), path].join(delimiter);
  api = await startKubeApi();
  for (const [scope, rules] of Object.entries(verifyRules) as [VerifyScope, unknown][]) {
    const name = account(scope);
    const rbac = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name } };
    const made = [
      await api.apply({ ...rbac, kind: "ClusterRole", rules }),
      await api.apply({
        ...rbac,
        kind: "ClusterRoleBinding",
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }],
      }),
    ];
    for (const { status, body } of made) expect([status, body.message]).toEqual([201, undefined]);
  }
});

afterAll(async () => {
  process.env.PATH = path;
  await api?.stop();
});

/** Whether an account may, by the API server's own reckoning; it need not know the resource. */
async function may(scope: VerifyScope, verb: string, kind: string): Promise<boolean> {
  const [name, ...group] = kind.split(".");
  const [resource, subresource] = name.split("/");
  const resourceAttributes = {
    verb,
    group: group.join("."),
    resource,
    ...(subresource === undefined ? {} : { subresource }),
  };
  const { status, body } = await api.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: { user: account(scope), resourceAttributes },
  });
  expect([status, body.message]).toEqual([201, undefined]);
  return (body.status as { readonly allowed: boolean }).allowed;
}

/** `machines.v1beta2.cluster.x-k8s.io` as rights name it: without the version. */
const withoutVersion = (kind: string) => kind.replace(/\.v\d\w*\./, ".");

const kindsOf: Record<VerifyScope, readonly string[]> = {
  cluster: [...workloadKinds.split(","), ...ciliumKinds.split(",")],
  managementPlane: clusterApiKinds.split(","),
};

test.each(Object.keys(kindsOf) as VerifyScope[])(
  "%s: every kind that is asked for may be listed, and no other",
  async (scope) => {
    for (const kind of kindsOf[scope])
      expect([kind, await may(scope, "list", withoutVersion(kind))]).toEqual([kind, true]);
    const listed = verifyRules[scope].filter(({ verbs }) => verbs.includes("list"));
    expect(listed.flatMap(({ resources }) => resources)).toHaveLength(kindsOf[scope].length);
  },
);

test.each([
  ["get", "secrets"],
  ["list", "configmaps"],
  ["create", "pods/exec"],
  ["delete", "nodes"],
  ["patch", "services"],
  ["create", "serviceaccounts/token"],
])("may not %s %s", async (verb, resource) => {
  for (const scope of Object.keys(kindsOf) as VerifyScope[]) expect(await may(scope, verb, resource)).toBe(false);
});

test("a list is read as the account, and a refusal is told in the API server's words", async () => {
  await withKubeApi(asUser(account("cluster")), async (verifier) => {
    const objects = await verifier.list(workloadKinds);
    expect(ofKind(objects, "Service").map(({ metadata }) => metadata.name)).toContain("kubernetes");
    await expect(verifier.list("secrets")).rejects.toThrow(
      /Forbidden.*verify-cluster.* cannot list resource "secrets"/,
    );
    await expect(verifier.list(ciliumKinds)).rejects.toThrow(/the server doesn't have a resource type/);
  });
});
