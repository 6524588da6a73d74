/** Files of a node that packages and kubeadm leave readable for everybody, closed at each boot and after kubeadm (CIS 4.1.1, 4.1.9). */
import type { HostFile } from "../host-content";
import { rootFile } from "../host-file";
import { quoteCommand } from "../shell";

const path = "/etc/tmpfiles.d/kubernetes-modes.conf";

/** Units of kubelet's package, in both places where distributions put them, and what kubeadm writes for it. */
const files = [
  "/usr/lib/systemd/system/kubelet.service",
  "/usr/lib/systemd/system/kubelet.service.d/*.conf",
  "/etc/systemd/system/kubelet.service",
  "/etc/systemd/system/kubelet.service.d/*.conf",
  "/var/lib/kubelet/config.yaml",
];

/** tmpfiles.d(5): `z` sets mode and owner of what is there, and says nothing of what is not. */
export const fileModesFile = (): HostFile =>
  rootFile(
    path,
    files.map((file) => `z ${file} 0600 root root`),
  );

/** Closes them now. */
export const closeFiles = quoteCommand(["systemd-tmpfiles", "--create", path]);
