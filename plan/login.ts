/** The kubectl login as API servers, dex and users' kubeconfigs must agree on it. */
import type { Site } from "../config/site";
import type { LoginPlan } from "./model";
import { issuerUrl } from "./names";

/** dex's public client for kubectl. */
const clientId = "kubernetes";

export function planLogin(site: Site, hostZone: string): LoginPlan {
  const { certificate, trustAnchor: own } = site.hosts.auth;
  const trustAnchor = own ?? (certificate.kind === "acme" ? certificate.caCertificate : undefined);
  return {
    issuer: issuerUrl(hostZone),
    clientId,
    usernameClaim: "preferred_username",
    groupsClaim: "groups",
    prefix: "ad:",
    ...(trustAnchor === undefined ? {} : { trustAnchor }),
  };
}
