/** Cluster API with its providers, the operator that installs them, and cert-manager, which their webhooks need. */
import { pinnedVersion, programsOf } from "../program";

/** What the projects' release builds stamp (hack/version.sh of each): `<package>.gitVersion` and its parts. */
function releaseStamps(versionPackage: string, version: string): Record<string, string> {
  const [major, minor] = version.split(".");
  const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${versionPackage}.${name}`, value]));
}

/**
 * Core, kubeadm providers, vSphere provider and operator are one Go module, so that Kubernetes' libraries compile once
 * for all of them; the in-cluster IPAM provider does not compile with libraries as new as theirs.
 */
export function clusterApiPrograms() {
  const core = "sigs.k8s.io/cluster-api";
  const vsphere = "sigs.k8s.io/cluster-api-provider-vsphere";
  const operator = "sigs.k8s.io/cluster-api-operator";
  const ipam = "sigs.k8s.io/cluster-api-ipam-provider-in-cluster";
  const certManager = "github.com/cert-manager/cert-manager";
  const program = (path: string, versionPackage: string, version: string, usualSeconds: number) => ({
    package: path,
    version,
    stamps: releaseStamps(versionPackage, version),
    usualSeconds,
  });
  const coreVersion = pinnedVersion("cluster-api", core);
  const certManagerVersion = pinnedVersion("cert-manager", certManager);
  const certManagerProgram = (name: string, usualSeconds: number) => ({
    package: `${certManager}/cmd/${name}`,
    version: certManagerVersion,
    stamps: { [`${certManager}/pkg/util.AppVersion`]: `v${certManagerVersion}` },
    usualSeconds,
  });
  return {
    ...programsOf("cluster-api", {
      "cluster-api-controller": program(core, `${core}/version`, coreVersion, 120),
      "kubeadm-bootstrap-controller": program(`${core}/bootstrap/kubeadm`, `${core}/version`, coreVersion, 15),
      "kubeadm-control-plane-controller": program(`${core}/controlplane/kubeadm`, `${core}/version`, coreVersion, 15),
      "cluster-api-vsphere-controller": program(
        vsphere,
        `${vsphere}/pkg/version`,
        pinnedVersion("cluster-api", vsphere),
        30,
      ),
      "cluster-api-operator": program(
        `${operator}/cmd`,
        `${operator}/version`,
        pinnedVersion("cluster-api", operator),
        20,
      ),
    }),
    ...programsOf("ipam-in-cluster", {
      "cluster-api-ipam-in-cluster-controller": program(
        ipam,
        `${ipam}/version`,
        pinnedVersion("ipam-in-cluster", ipam),
        100,
      ),
    }),
    ...programsOf("cert-manager", {
      "cert-manager-controller": certManagerProgram("controller", 120),
      "cert-manager-webhook": certManagerProgram("webhook", 15),
      "cert-manager-cainjector": certManagerProgram("cainjector", 15),
      "cert-manager-ctl": certManagerProgram("ctl", 40),
    }),
  };
}
