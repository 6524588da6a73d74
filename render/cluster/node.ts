/** What every Kubernetes node holds beyond its template: accounts, sshd, clock, registries, and its name. */
import type { Site } from "../../config/site";
import type { RegionPlan } from "../../plan/model";
import { accountFiles, administratorAccounts } from "../accounts";
import { chronyFile } from "../chrony";
import { closeFiles, fileModesFile } from "../hardening/file-modes";
import { argument, kubeletPatchFile, patchesFolder } from "../hardening/kubeadm";
import type { HostFile } from "../host-content";
import { rootFile } from "../host-file";
import { registryFiles } from "../registries";
import { sshdFile } from "../sshd";

/** What Kubernetes asks of a node's kernel (kubeadm's preflight), whatever the template's own settings are. */
const kernelFile = rootFile("/etc/sysctl.d/70-kubernetes.conf", ["net.ipv4.ip_forward = 1"]);

function jumpAddress(plan: RegionPlan): string {
  const jump = plan.hosts.find(({ role }) => role === "jump");
  if (jump === undefined)
    throw new Error(`${plan.site}: the plan has no host of role jump; every region has exactly one.`);
  return jump.address;
}

/** Files of a node. Nodes have no pinned host key and no account of `up`: they come and go, and `up` never logs in to them. */
function nodeFiles(site: Site, plan: RegionPlan): HostFile[] {
  const accounts = administratorAccounts(site);
  return [
    ...accountFiles(accounts),
    sshdFile(accounts, { kind: "none" }, [jumpAddress(plan)]),
    chronyFile(site.ntp),
    kernelFile,
    fileModesFile(),
    kubeletPatchFile(),
    ...registryFiles(site),
  ];
}

/** cloud-init's name of the machine: CAPV's, and thereby the Machine's. */
const hostname = "{{ ds.meta_data.hostname }}";

/** Before kubeadm: the clock follows the site, and the node's own name resolves without asking the directory. */
const prepareNode = [
  `printf '127.0.0.1 localhost\\n127.0.1.1 %s\\n' "${hostname}" > /etc/hosts`,
  `sysctl --quiet --load ${kernelFile.path}`,
  "systemctl restart chrony.service",
];

/** A file as KubeadmConfig has it. */
const file = ({ path, mode, owner, content }: HostFile) => ({ path, permissions: mode, owner, content });

/** cloud-init reads the user-data as a jinja template, and would take these for its own. */
const jinja = /\{\{|\{%|\{#/;

/** Files in KubeadmConfig's form. Throws on content that cloud-init's template engine would change. */
export function kubeadmFiles(files: readonly HostFile[]) {
  const broken = files.filter(({ content }) => jinja.test(content)).map(({ path }) => path);
  if (broken.length > 0) throw new Error(`${broken.join(", ")}: holds {{, {% or {#, which cloud-init would evaluate`);
  return files.map(file);
}

/** How kubelet registers: by the machine's name; its addresses and provider id come from vSphere's cloud provider. */
const nodeRegistration = {
  name: hostname,
  criSocket: "unix:///var/run/containerd/containerd.sock",
  kubeletExtraArgs: [argument("cloud-provider", "external")],
};

/** What init and join have in common: Cluster API has no field for kubelet's configuration, so kubeadm patches it. */
export const nodeConfiguration = { nodeRegistration, patches: { directory: patchesFolder } };

/** What control plane and worker nodes have in common, in the shape of a KubeadmConfigSpec (v1beta2). */
export function nodeConfig(site: Site, plan: RegionPlan) {
  return {
    // No `default` among them: the image's own account is not made.
    users: administratorAccounts(site).map(({ name }) => ({ name, lockPassword: true, shell: "/bin/bash" })),
    files: kubeadmFiles(nodeFiles(site, plan)),
    preKubeadmCommands: prepareNode,
    postKubeadmCommands: [closeFiles],
  };
}
