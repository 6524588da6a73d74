/** Rules about what proves identity: CA certificates, auth's own certificate, administrators' keys. */
import { X509Certificate } from "node:crypto";
import { utils } from "ssh2";
import type { SiteDraft } from "../../config/parse-site";
import { hostFqdn, hostZone } from "../names";
import { eachSite, type Finding, type Rule } from "./rule";

const certificateBlock = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Certificates of a PEM text, or undefined where it holds none or one that does not parse. Expiry needs a clock and is preflight's. */
export function parseCertificates(pem: string): X509Certificate[] | undefined {
  const blocks = pem.match(certificateBlock) ?? [];
  if (blocks.length === 0) return undefined;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

/** Every PEM of a site file that holds CAs, by path. */
export function authorities(draft: SiteDraft): [path: string, pem: string][] {
  const certificate = draft.hosts?.auth.certificate;
  const all: [string, string | undefined][] = [
    ["vcenter.tls.caCertificate", draft.vcenter?.tls.caCertificate],
    ["activeDirectory.ldap.caCertificate", draft.activeDirectory?.ldap.caCertificate],
    ["hosts.auth.certificate.caCertificate", certificate?.kind === "acme" ? certificate.caCertificate : undefined],
    ["hosts.auth.trustAnchor", draft.hosts?.auth.trustAnchor],
    ["mirrors.registry.caCertificate", draft.mirrors?.registry?.caCertificate],
  ];
  return all.flatMap(([path, pem]): [string, string][] => (pem === undefined ? [] : [[path, pem]]));
}

/** Keys on hardware tokens: sshd takes them, ssh2 cannot parse them. */
const tokenKeys = ["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"];

/** OpenSSH has refused DSA by default since 7.0. */
const refusedKeys = ["ssh-dss"];

function keyProblem(line: string): string | undefined {
  if (line.trim() !== line || line.includes("\n")) return "is not one line";
  if (line.includes("PRIVATE KEY")) return "is a private key";
  const [type = "", blob = ""] = line.split(" ");
  if (tokenKeys.includes(type)) {
    const inside = Buffer.from(blob, "base64").subarray(4, 4 + type.length);
    return inside.toString("latin1") === type ? undefined : "is not an OpenSSH public key";
  }
  const key = utils.parseKey(line);
  if (key instanceof Error) return "is not an OpenSSH public key";
  if (refusedKeys.includes(key.type)) return `is of type ${key.type}, which sshd refuses`;
  return undefined;
}

export const trustRules: readonly Rule[] = [
  {
    id: "certificate-authority",
    states: "CA certificates are PEM, and are certificates of CAs.",
    find: ({ drafts }) =>
      Object.entries(drafts).flatMap(([site, draft]) =>
        authorities(draft).flatMap(([path, pem]): Finding[] => {
          const certificates = parseCertificates(pem);
          const problem =
            certificates === undefined
              ? "holds no PEM certificate that can be read"
              : certificates.every((certificate) => certificate.ca)
                ? undefined
                : "holds a certificate that is not a CA's";
          return problem === undefined
            ? []
            : [{ site, path, value: pem, problem, remedy: "paste the CA's certificate, BEGIN and END lines included" }];
        }),
      ),
  },
  {
    id: "provided-certificate",
    states: "A provided certificate of auth is a PEM chain, leaf first, for auth's name.",
    find: (world) =>
      eachSite(world, ["hosts", "parentDomain"], (site, { hosts, parentDomain }) => {
        const { certificate } = hosts.auth;
        if (certificate.kind !== "provided") return [];
        const name = hostFqdn(hostZone(site, { parentDomain, hostZone: world.drafts[site]?.hostZone }), "auth");
        const problem = chainProblem(parseCertificates(certificate.certificate), name);
        return problem === undefined
          ? []
          : [
              {
                site,
                path: "hosts.auth.certificate.certificate",
                value: certificate.certificate,
                problem,
                remedy: `have the site's CA issue one for ${name}, and paste it with its intermediates, leaf first`,
              },
            ];
      }),
  },
  {
    id: "administrator-key",
    states: "Administrators' keys are OpenSSH public keys of a type that sshd takes.",
    find: (world) =>
      eachSite(world, ["administrators"], (site, { administrators }) =>
        administrators.keys.flatMap(({ publicKey }, index) => {
          const problem = keyProblem(publicKey);
          return problem === undefined
            ? []
            : [
                {
                  site,
                  path: `administrators.keys[${index}].publicKey`,
                  value: publicKey,
                  problem,
                  remedy: "paste the line of the .pub file, e.g. `ssh-ed25519 AAAA… name`",
                },
              ];
        }),
      ),
  },
];

function chainProblem(chain: readonly X509Certificate[] | undefined, name: string): string | undefined {
  const leaf = chain?.[0];
  if (chain === undefined || leaf === undefined) return "holds no PEM certificate that can be read";
  if (leaf.ca) return "starts with a CA's certificate";
  if (leaf.checkHost(name) === undefined) return `is not for ${name}`;
  const broken = chain.slice(1).some((issuer, index) => {
    const issued = chain[index];
    return issued === undefined || !issued.checkIssued(issuer) || !issued.verify(issuer.publicKey);
  });
  return broken ? "is not a chain: a certificate is not issued by the one after it" : undefined;
}
