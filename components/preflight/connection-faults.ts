/** Why vCenter could not be asked, or will not let us: faults of the way there, the login and the account. */
import type { Fault } from "../../config/fault";
import type { Site } from "../../config/site";
import type { MissingRights } from "./account-rights";
import type { Finding } from "./finding";
import { requiredPrivileges, type ScopePrivileges } from "./privileges";
import { hostAndPort, VcenterFault } from "./vcenter-api";
import { operatingSystemFault, UntrustedCertificate, VcenterUnreachable } from "./vcenter-tls";

/** Before the login: no answer, no trust, or an answer that is not vCenter's JSON API. Any other reason is a mistake of ours, and thrown. */
export function connectionFinding(site: Site, reason: unknown): Finding {
  const { server } = site.vcenter;
  if (reason instanceof UntrustedCertificate) {
    return {
      path: "vcenter.tls",
      value: server,
      rule: "vcenter-trust",
      problem: `${reason.reason}: it showed ${reason.fingerprint}, issued by ${reason.issuer}`,
      remedy:
        "compare that fingerprint with vCenter's own console; only if they agree correct vcenter.tls, otherwise something sits in between",
    };
  }
  if (reason instanceof VcenterFault) {
    return {
      path: "vcenter.server",
      value: server,
      rule: "vcenter-version",
      problem: `answers ${reason.message} where vCenter 8.0 update 1 and newer have their JSON API`,
      remedy: "correct the server's name, or update vCenter",
    };
  }
  if (!(reason instanceof VcenterUnreachable)) throw reason;
  return {
    path: "vcenter.server",
    value: server,
    rule: "vcenter-reachable",
    problem: `cannot be reached: ${reason.message}`,
    remedy: "check name, routing and firewall: access.sources are to be let through to vCenter on TCP 443",
  };
}

/** At the login or after it; any reason but vCenter's own is thrown. */
export function loginFinding(site: Site, reason: unknown): Finding {
  if (reason instanceof VcenterFault && reason.fault === "InvalidLogin") {
    return {
      path: "vcenter.username",
      value: site.vcenter.username,
      rule: "vcenter-login",
      problem: "is refused with the secret vcenterPassword",
      remedy: "correct either; the password with `pulumi config set --secret vcenterPassword`",
    };
  }
  if (!(reason instanceof VcenterFault || reason instanceof VcenterUnreachable)) throw reason;
  return {
    path: "vcenter.server",
    value: site.vcenter.server,
    rule: "vcenter-answers",
    problem: `does not answer what is asked: ${reason.message}`,
    remedy: "see vCenter's log for the reason; the account needs Read-only on all that the site file names",
  };
}

/** One finding for each place where rights are missing; one in all for an account that has none but to read. */
export function rightsFindings(userName: string, missing: readonly MissingRights[]): readonly Finding[] {
  const finding = (problem: string): Finding => ({
    path: "vcenter.username",
    value: userName,
    rule: "vcenter-rights",
    problem,
    remedy: "give the account the roles of docs/vcenter-role.md",
  });
  return count(missing.map(({ privileges }) => privileges)) === count(requiredPrivileges.map(names))
    ? [finding("has no right that `up` needs: it can only read")]
    : missing.map(({ assignment, privileges }) => finding(`lacks ${privileges.join(", ")} on ${assignment}`));
}

const names = ({ privileges }: ScopePrivileges) => Object.keys(privileges);
const count = (lists: readonly (readonly string[])[]) => lists.flat().length;

/** The provider plugin knows no pin: it trusts what the operating system of the machine that runs `up` trusts. */
export async function pluginTrustFault(siteName: string, site: Site): Promise<readonly Fault[]> {
  const { host, port } = hostAndPort(site.vcenter.server);
  const reason = await operatingSystemFault(host, port);
  if (reason === undefined) {
    return [];
  }
  return [
    {
      site: siteName,
      path: "vcenter.tls",
      value: site.vcenter.server,
      rule: "plugin-trust",
      ...(reason === "unknown"
        ? { problem: "cannot be told here whether this operating system trusts it", severity: "notice" }
        : {
            problem: `${reason.reason}: it showed ${reason.fingerprint}, issued by ${reason.issuer}`,
            severity: "error",
          }),
      remedy:
        "the vSphere provider trusts what the operating system trusts: add vCenter's CA to its store (Debian: /usr/local/share/ca-certificates and update-ca-certificates), or name a bundle that holds it in SSL_CERT_FILE",
    },
  ];
}
