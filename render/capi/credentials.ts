/** What `up` itself needs to talk to the management plane. */
import { quoteCommand } from "../shell";
import { kubeadmPath } from "./kubeadm";

/** User of the management plane's API that `up` works as, and the ClusterRoleBinding that gives it its rights. */
export const deployUser = "deploy";

/**
 * As long as kubeadm's CA lives. `up` keeps the credentials in its state, encrypted, and nothing tells it when they end, so
 * a shorter time would one day just stop it; they are taken back by deleting the binding (docs/management-plane.md).
 */
const validityHours = 10 * 365 * 24;

/** A command for the account `deploy` on `capi` that prints a fresh kubeconfig: a secret. */
export const issueKubeconfig = quoteCommand([
  "sudo",
  "kubeadm",
  "kubeconfig",
  "user",
  "--config",
  kubeadmPath,
  "--client-name",
  deployUser,
  "--validity-period",
  `${validityHours}h`,
]);
