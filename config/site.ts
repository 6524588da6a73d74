/**
 * The site file: everything a human decides about one region, and nothing that can be derived.
 *
 * Each export describes one top-level key of `Pulumi.<site>.yaml`. Shapes are checked here; what a value means
 * (an aligned CIDR, a free address, a skew that Kubernetes supports) is checked by `plan/check.ts`, over all sites at once.
 */
import { z } from "zod";
import { backupsSchema } from "./backups";
import { clusterSchema } from "./cluster";

const text = (description: string) => z.string().min(1).describe(description);
const address = (description: string) => text(`${description} IPv4 address.`);
const cidr = (description: string) => text(`${description} CIDR, aligned (e.g. 172.20.10.0/24).`);
const port = z.int().min(1).max(65535);
/** AS numbers are 32 bits (RFC 6793); which of them are private is a rule of the check. */
const asn = (description: string) => z.int().min(1).max(4294967294).describe(description);

export const vmSizeSchema = z
  .strictObject({
    cpus: z.int().min(1).describe("Virtual CPUs."),
    memoryMiB: z.int().min(256).describe("Memory in MiB."),
    diskGiB: z.int().min(1).describe("System disk in GiB; at least the template's."),
  })
  .describe("Size of a virtual machine.");

const templateSchema = z
  .strictObject({
    name: text("Name of the VM template in vCenter, in the site's datacenter."),
    kind: z
      .enum(["plain", "prepared"])
      .describe(
        "plain: a Debian or Ubuntu cloud image, packages are installed at first boot. prepared: holds them already (docs/templates.md).",
      ),
  })
  .describe("A VM template and what it holds.");

export const vcenterSchema = z
  .strictObject({
    server: text("Name or address of vCenter, without scheme."),
    address: address("For the firewall matrix, vCenter's"),
    username: text("Account that `up` uses; its rights are in docs/vcenter-role.md."),
    tls: z
      .strictObject({
        caCertificate: text("PEM of the CA that signed vCenter's certificate.").optional(),
        thumbprint: z
          .string()
          .regex(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
          .describe("SHA-256 fingerprint of vCenter's certificate, upper case, colons between bytes.")
          .optional(),
      })
      .refine((tls) => (tls.caCertificate === undefined) !== (tls.thumbprint === undefined), {
        message: "give exactly one of caCertificate and thumbprint",
      })
      .describe("How vCenter proves who it is; unverified TLS is not an option."),
    datacenter: text("Datacenter."),
    computeCluster: text("Compute cluster, with DRS on."),
    datastore: text("Datastore of all VMs."),
    dataDirectory: text(
      "Existing directory of the datastore for data disks; default: its root. Needed on vSAN, which takes no file there.",
    ).optional(),
    folder: text("VM folder that the stack makes and owns.").optional(),
    portGroup: text("Port group of the VLAN kubernetes.cmp."),
    templates: z
      .strictObject({
        host: templateSchema.describe("Template of jump, auth and the BGP routers."),
        node: templateSchema.describe("Template of `capi` and of the Kubernetes nodes; always prepared."),
      })
      .describe("Templates that exist in vCenter."),
  })
  .describe("The vCenter of the site.");

export const accessSchema = z
  .strictObject({
    sources: z
      .array(cidr("A network that `up` runs from:"))
      .min(1)
      .describe("Where `up` runs: workstation or runner networks."),
    path: z
      .enum(["jump", "direct"])
      .describe(
        "jump: `up` reaches the VLAN through the jump host's SSH. direct: gw lets the sources reach SSH of every host.",
      ),
    proxy: z
      .url()
      .describe(
        "Proxy (socks5, http or https URL) through which `up` reaches capi:6443 and the API VIPs, for instance `ssh -D` through the jump host; default: gw lets the sources reach them directly.",
      )
      .optional(),
  })
  .describe("From where, and how, `pulumi up` reaches the region. Becomes part of the firewall matrix.");

export const activeDirectorySchema = z
  .strictObject({
    domain: text("DNS name of the AD domain."),
    servers: z
      .array(z.strictObject({ name: text("FQDN, as in the server's certificate."), address: address("The server's") }))
      .min(1)
      .describe("Domain controllers of this site; nameservers of every VM."),
    dns: z
      .strictObject({
        administration: z
          .enum(["windows", "bind", "manual"])
          .describe("How the stack reaches AD's DNS; manual: it prints what to enter."),
        replicationScope: z
          .enum(["Forest", "Domain", "Legacy", "server"])
          .default("Forest")
          .describe("AD replication scope of the conditional forwarders; server: not stored in AD, once per server."),
        authoritativeZones: z
          .array(text("A zone."))
          .default([])
          .describe("Parent zones that AD itself is authoritative for."),
        records: z
          .boolean()
          .default(false)
          .describe("Let the stack keep the A and PTR records of the fixed hosts and of the API VIPs in AD."),
        ssh: z
          .strictObject({
            user: text("Account that may change only these zones; its key is the secret dnsAdministrationKey."),
            port: port.default(22).describe("Port of the servers' SSH."),
            hostKeys: z
              .record(z.string(), text("OpenSSH public key, `type base64`."))
              .describe("Host key of each server by its name; a server that shows another one is not spoken to."),
          })
          .describe("How `up` logs in to the servers; needed for windows and bind.")
          .optional(),
      })
      .describe("How DNS is administered."),
    ldap: z
      .strictObject({
        encryption: z.enum(["ldaps", "starttls"]).describe("There is no unencrypted choice."),
        caCertificate: text("PEM of the CA that signed the domain controllers' certificates."),
        bindUser: text(
          "DN or UPN of the account that dex searches with; its password is the secret activeDirectoryPassword.",
        ),
        certificateName: text(
          "Name that every domain controller's certificate holds, beside the server's own; dex checks it, whichever server answers. Default: the AD domain, as AD CS's template Kerberos Authentication has it.",
        ).optional(),
        userBase: text("Base DN of the users."),
        groupBase: text("Base DN of the groups."),
      })
      .describe(
        "What dex needs for the login; nested groups are resolved by the server (LDAP_MATCHING_RULE_IN_CHAIN).",
      ),
  })
  .describe("Active Directory of the site.");

export const vlanSchema = z
  .strictObject({
    cidr: cidr("The VLAN kubernetes.cmp, a /24:"),
    gateway: address("kubernetes.cmp.gw, the perimeter firewall's"),
    mtu: z.int().min(1280).max(9000).default(1500).describe("MTU of the VLAN's underlay in bytes."),
  })
  .describe("kubernetes.cmp, the one VLAN of the region. Nodes get .100–.249 of it.");

const host = (role: string, size: z.infer<typeof vmSizeSchema>) => ({
  address: address(`${role}'s`),
  size: vmSizeSchema.default(size),
  vmName: text("Name of the VM in vCenter; default {site}-{host}.").optional(),
});

export const hostsSchema = z
  .strictObject({
    jump: z
      .strictObject(host("The SSH bridge", { cpus: 1, memoryMiB: 1024, diskGiB: 20 }))
      .describe("SSH bridge to the VLAN."),
    auth: z
      .strictObject({
        ...host("dex", { cpus: 2, memoryMiB: 2048, diskGiB: 20 }),
        certificate: z
          .discriminatedUnion("kind", [
            z.strictObject({
              kind: z.literal("acme"),
              directory: z
                .url()
                .describe("ACME directory URL of the site's CA (RFC 8555); validation is tls-alpn-01 on 443."),
              server: address("The ACME server's, for the firewall matrix:"),
              caCertificate: text("PEM of the CA that the directory's own certificate chains to.").optional(),
            }),
            z.strictObject({
              kind: z.literal("provided"),
              certificate: text("PEM chain, leaf first; its key is the secret authCertificateKey."),
            }),
          ])
          .describe("Where auth's TLS certificate comes from."),
        trustAnchor: text(
          "PEM of the CA that auth's certificate chains to, for API servers and users' kubectl; default: the ACME directory's caCertificate. Absent for both: a public CA.",
        ).optional(),
      })
      .describe("Serves dex for the kubectl login with Active Directory."),
    bgp: z
      .array(
        z.strictObject({
          name: text("Host name, e.g. bgp1."),
          ...host("The router", { cpus: 1, memoryMiB: 1024, diskGiB: 20 }),
          routerId: z.ipv4().describe("BGP identifier (RFC 4271 §4.2); default: its address.").optional(),
          vrrpPriority: z
            .int()
            .min(1)
            .max(254)
            .describe(
              "VRRP priority, where the upstream is static; default: 200 for the first by name, then descending.",
            )
            .optional(),
        }),
      )
      .min(2)
      .describe("BGP routers, at least two; kept on different ESXi hosts."),
    capi: z
      .strictObject({
        ...host("The management plane", { cpus: 2, memoryMiB: 4096, diskGiB: 40 }),
        dataDiskGiB: z
          .int()
          .min(1)
          .default(20)
          .describe("Disk of its own for etcd and keys; survives the VM, protected in production."),
      })
      .describe("VM that Cluster API runs on."),
  })
  .describe("The fixed hosts of the VLAN, outside .100–.249.");

const kubernetesVersion = z.string().regex(/^v\d+\.\d+\.\d+$/);

export const managementPlaneSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("capi"),
      kubernetesVersion: kubernetesVersion
        .default("v1.34.2")
        .describe("Kubernetes of the VM capi; the node template holds it."),
      pods: cidr("Pods on capi, seen by nobody else: they leave with capi's address.").default("10.42.0.0/24"),
    }),
    z
      .strictObject({ kind: z.literal("external") })
      .describe("A Kubernetes that exists; its kubeconfig is the secret managementKubeconfig."),
  ])
  .prefault({ kind: "capi" })
  .describe("Where Cluster API runs.");

export const bgpSchema = z
  .strictObject({
    routersASN: asn("AS number that the site's BGP routers share."),
    upstream: z
      .discriminatedUnion("kind", [
        z.strictObject({
          kind: z.literal("bgp"),
          gatewayASN: asn("gw's AS number; the password is the secret bgpPasswords.upstream."),
        }),
        z.strictObject({
          kind: z.literal("static"),
          sharedAddress: address("VRRP address of the routers (RFC 5798), to which gw routes the balancer ranges:"),
          virtualRouterId: z.int().min(1).max(255).describe("VRRP virtual router id, unique on the VLAN."),
        }),
      ])
      .describe("How gw learns the way to the LoadBalancer addresses."),
    timers: z
      .strictObject({
        keepaliveSeconds: z.int().min(1).max(60).describe("Time between keepalives (RFC 4271 §4.4)."),
        holdSeconds: z.int().min(3).max(180).describe("At least three keepalives (RFC 4271 §10)."),
        restartSeconds: z.int().min(1).max(4095).describe("Graceful restart time of the nodes (RFC 4724)."),
      })
      .default({ keepaliveSeconds: 3, holdSeconds: 9, restartSeconds: 30 })
      .describe("Timers of the node sessions, seconds."),
    bfd: z
      .strictObject({
        transmitMilliseconds: z.int().min(50).describe("Least time between packets sent."),
        receiveMilliseconds: z.int().min(50).describe("Least time between packets received."),
        multiplier: z.int().min(2).max(255).describe("Packets that may be lost before the other side counts as dead."),
      })
      .default({ transmitMilliseconds: 300, receiveMilliseconds: 300, multiplier: 3 })
      .describe("BFD between routers and gw (RFC 5880)."),
  })
  .describe("BGP of the site.");

export const administratorsSchema = z
  .strictObject({
    sources: z.array(cidr("A network of administrators:")).min(1).describe("Networks that reach the jump host's SSH."),
    keys: z
      .array(
        z.strictObject({
          name: z
            .string()
            .regex(/^[a-z_][a-z0-9_-]{0,30}$/)
            .describe("Account name on the hosts."),
          publicKey: text("OpenSSH public key, one line."),
        }),
      )
      .min(1)
      .describe("Who may log in; keys only."),
  })
  .describe("Administrators.");

/** One site file, without its secrets: the keys of `Pulumi.<site>.yaml` below the project's namespace. */
export const siteSchema = z.strictObject({
  environment: z
    .enum(["production", "lab"])
    .describe("production protects what holds data and refuses lab-only values."),
  addressesConfirmed: z
    .boolean()
    .default(false)
    .describe("Set to true once the addresses of this file are your own; production refuses to run before."),
  parentDomain: text("Domain under which the site's names live: {cluster}.k8s.{site}.{parentDomain}."),
  hostZone: text("DNS zone of the fixed hosts; default cmp.{site}.{parentDomain}.").optional(),
  vcenter: vcenterSchema,
  access: accessSchema,
  activeDirectory: activeDirectorySchema,
  intranet: z
    .array(z.strictObject({ name: text("Name."), cidr: cidr("The network:") }))
    .default([])
    .describe("Intranet networks that workloads consume; pod and balancer ranges must not shadow them."),
  vlan: vlanSchema,
  hosts: hostsSchema,
  managementPlane: managementPlaneSchema,
  backups: backupsSchema,
  bgp: bgpSchema,
  serviceCidr: cidr("ClusterIP range, the same in every cluster:").default("10.43.0.0/16"),
  serviceCidrOverride: z
    .boolean()
    .default(false)
    .describe("Confirms a serviceCidr other than the convention's 10.43.0.0/16."),
  maxConnectedClusters: z
    .union([z.literal(255), z.literal(511)])
    .default(255)
    .describe(
      "Cilium's ceiling of meshed clusters; 511 halves the identities of each. The same in all meshed clusters.",
    ),
  clusters: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/), clusterSchema)
    .describe("Kubernetes clusters by name."),
  wan: z
    .strictObject({
      vpnMtu: z.int().min(576).max(9000).describe("What the tunnel between the perimeter firewalls carries, in bytes."),
    })
    .default({ vpnMtu: 1420 })
    .describe("The firewalls' VPN to other regions."),
  ntp: z.array(address("A time server's")).min(1).describe("Time servers."),
  syslog: z
    .array(
      z.strictObject({
        address: address("The server's"),
        port: port.default(514).describe("Port that the server listens on."),
        protocol: z.enum(["tcp", "udp"]).default("tcp").describe("tcp loses no line while the server answers."),
      }),
    )
    .default([])
    .describe("Central syslog."),
  administrators: administratorsSchema,
  users: z
    .strictObject({ sources: z.array(cidr("A network of users:")).min(1).describe("Networks that users come from.") })
    .describe("People who use kubectl: networks that reach auth and the API VIPs."),
  balancerClients: z
    .array(cidr("A network:"))
    .default([])
    .describe("Networks that may reach LoadBalancer addresses; per service rules are Cilium's."),
  mirrors: z
    .strictObject({
      debian: z.url().describe("Base URL of the Debian package mirror that hosts use.").optional(),
      debianSecurity: z
        .url()
        .describe("Base URL of the security archive's mirror; default: the distribution's.")
        .optional(),
      files: z
        .url()
        .describe("Base URL under which program archives lie (config/versions.ts names and hashes).")
        .optional(),
      registry: z
        .strictObject({
          url: z
            .url()
            .describe(
              "Base URL of an OCI registry; the image quay.io/cilium/cilium lies at {url}/quay.io/cilium/cilium.",
            ),
          caCertificate: text("PEM of the CA that signed its certificate; default: a public one.").optional(),
        })
        .describe("Registry that mirrors the upstream ones; hosts and nodes take their images from it.")
        .optional(),
      components: z
        .discriminatedUnion("kind", [
          z.strictObject({ kind: z.literal("upstream") }).describe("Upstream's releases."),
          z
            .strictObject({ kind: z.literal("registry") })
            .describe("mirrors.registry: charts at {url}/charts, Cluster API's providers at {url}/components."),
          z
            .strictObject({
              kind: z.literal("folder"),
              path: text("Folder on the machine that runs `up`, absolute or below the project's."),
            })
            .describe("A folder with charts and Cluster API's providers (docs/air-gap.md)."),
        ])
        .default({ kind: "upstream" })
        .describe("Where Helm charts and the manifests of Cluster API's providers come from."),
      addresses: z
        .array(address("A mirror's"))
        .default([])
        .describe("For the firewall matrix; without mirrors hosts use the internet."),
    })
    .prefault({})
    .describe("Mirrors for air-gapped sites."),
  cilium: z
    .strictObject({
      encryption: z
        .enum(["wireguard", "none"])
        .default("wireguard")
        .describe("none is for labs whose kernel lacks WireGuard; production refuses it."),
      routing: z
        .enum(["native", "vxlan", "geneve"])
        .default("native")
        .describe("native: WireGuard routes between nodes. The tunnels are a fallback and cost 50 bytes of MTU."),
      extraValues: z
        .record(z.string(), z.unknown())
        .default({})
        .describe("Helm values laid over Cilium's, for what a lab's kernel lacks; production refuses it."),
    })
    .prefault({})
    .describe("Datapath of all clusters of the site."),
  programs: z
    .strictObject({
      dex: z
        .strictObject({
          url: z.url().describe("Where its .tar.gz is fetched from; below mirrors.files on air-gapped sites."),
          sha256: z
            .string()
            .regex(/^[0-9a-f]{64}$/)
            .describe("SHA-256 of the archive, lower-case hexadecimal; anything else is refused."),
        })
        .describe("dex, for auth.")
        .optional(),
    })
    .default({})
    .describe("Programs that no package of the distribution holds; needed where vcenter.templates.host is plain."),
  versions: z
    .strictObject({
      certManager: text("cert-manager.").optional(),
      cilium: text("Cilium.").optional(),
      cloudProviderVsphere: text("vSphere's cloud provider.").optional(),
      clusterApi: text("Cluster API.").optional(),
      clusterApiIpam: text("Cluster API's in-cluster IPAM.").optional(),
      clusterApiOperator: text("Cluster API operator.").optional(),
      clusterApiVsphere: text("CAPV.").optional(),
      coredns: text("CoreDNS of the cluster's zone.").optional(),
      dex: text("dex.").optional(),
      kubectl: text("kubectl of the Job that asks Cluster API's webhooks.").optional(),
      kubeVip: text("kube-vip.").optional(),
    })
    .default({})
    .describe("Overrides of the pinned versions in config/versions.ts."),
});

export type Site = z.output<typeof siteSchema>;
export type VmSize = z.output<typeof vmSizeSchema>;
export type Template = z.output<typeof templateSchema>;
