/** The VLAN of one region: an empty vCenter becomes a jump host, an auth host, BGP routers and the machine of Cluster API. */
import * as pulumi from "@pulumi/pulumi";
import * as vsphere from "@pulumi/vsphere";
import type { SecretOutputs } from "../config/load";
import type { Site } from "../config/site";
import type { HostPlan, HostRole, RegionPlan } from "../plan/model";
import { guestinfo } from "../render/guestinfo";
import { renderMetadata, renderUserData } from "../render/cloud-init";
import { hostContent } from "../render/host";
import { machineBase } from "../render/machine-base";
import type { RenderedHost } from "./host-files";
import { hostSecrets } from "./host-secrets";
import { findInventory, type Inventory } from "./inventory";
import { separateRouters } from "./router-separation";
import { SiteFolder } from "./site-folder";
import { connectionTo, type Connection, type SshAccessArgs } from "./ssh-access";
import { VlanVm } from "./vlan-vm";

export interface RegionArgs {
  readonly site: Site;
  readonly plan: RegionPlan;
  readonly secrets: SecretOutputs;
}

/** A fixed host, for what is done on it once it is ready. */
export interface ReachableHost {
  readonly host: HostPlan;
  readonly machine: VlanVm;
  readonly connection: Connection;
}

export class Region extends pulumi.ComponentResource {
  /** Logs in to vCenter as `up` does. */
  readonly vcenter: vsphere.Provider;
  readonly inventory: Inventory;
  /** The VM folder of the site and the tags of its roles. */
  readonly folder: SiteFolder;
  /** The hosts' machines by host name. */
  readonly machines: ReadonlyMap<string, VlanVm>;
  /** How `up` reaches the SSH of the hosts, and what lies behind the jump host. */
  readonly access: SshAccessArgs;

  constructor(
    name: string,
    private readonly args: RegionArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("kubernetes-vsphere:region:Region", name, {}, opts);
    const { site, plan, secrets } = args;
    this.access = {
      path: site.access.path,
      jump: hostOf(plan, "jump"),
      deployKey: secrets.deployKey,
      sshHostKeys: secrets.sshHostKeys,
    };
    this.vcenter = this.connectVcenter(name, args);
    this.inventory = findInventory(site.vcenter, { parent: this, provider: this.vcenter });
    this.folder = this.createFolder(name, args, this.inventory, this.vcenter);
    this.machines = this.createMachines(name, args, this.inventory, this.folder, this.vcenter);
    this.separateRouters(name, args, this.inventory, this.vcenter);
    this.registerOutputs({});
  }

  /** The one host of a role, its machine and the way to its SSH. Throws for a role with several hosts, or none. */
  host(role: Exclude<HostRole, "bgp">): ReachableHost {
    const host = hostOf(this.args.plan, role);
    return { host, machine: this.machines.get(host.name)!, connection: connectionTo(host, this.access) };
  }

  private connectVcenter(name: string, { site, secrets }: RegionArgs): vsphere.Provider {
    return new vsphere.Provider(
      `${name}-vcenter`,
      {
        vsphereServer: site.vcenter.server,
        user: site.vcenter.username,
        password: secrets.vcenterPassword,
        // Said outright, or the environment could say otherwise: VSPHERE_ALLOW_UNVERIFIED_SSL, and VSPHERE_CLIENT_DEBUG,
        // which writes every request, first-boot secrets included, to disk.
        allowUnverifiedSsl: false,
        clientDebug: false,
      },
      { parent: this },
    );
  }

  private createFolder(
    name: string,
    { plan }: RegionArgs,
    inventory: Inventory,
    provider: vsphere.Provider,
  ): SiteFolder {
    return new SiteFolder(
      `${name}-folder`,
      {
        site: plan.site,
        path: plan.folder,
        datacenterId: inventory.datacenterId,
        roles: [...new Set(plan.hosts.map((host) => host.role))],
      },
      { parent: this, providers: [provider] },
    );
  }

  private createMachines(
    name: string,
    args: RegionArgs,
    inventory: Inventory,
    folder: SiteFolder,
    provider: vsphere.Provider,
  ): ReadonlyMap<string, VlanVm> {
    const { site, plan } = args;
    const { access } = this;
    const { jump } = access;
    const machines = new Map<string, VlanVm>();
    // The jump host first: where it is the way in, every other host is asked through it.
    for (const host of [jump, ...plan.hosts.filter((other) => other.name !== jump.name)]) {
      const rendered = renderHost(host, args);
      const jumpVm = machines.get(jump.name);
      const routersSoFar = plan.bgp.routers.flatMap((router) => machines.get(router.host) ?? []);
      machines.set(
        host.name,
        new VlanVm(
          `${name}-${host.name}`,
          {
            host,
            inventory,
            folder: folder.path,
            tags: [roleTag(folder, host)],
            plan,
            access,
            rendered,
            guestinfo: firstBootData(host, plan, rendered),
            reachedThrough: site.access.path === "jump" && jumpVm !== undefined ? [jumpVm] : [],
            // Routers one at a time: while one is replaced, the other carries the routes.
            after: host.role === "bgp" ? routersSoFar.slice(-1) : [],
            protectData: plan.environment === "production",
          },
          { parent: this, providers: [provider] },
        ),
      );
    }
    return machines;
  }

  private separateRouters(name: string, { plan }: RegionArgs, inventory: Inventory, provider: vsphere.Provider): void {
    const routers = plan.bgp.routers.map((router) => this.machines.get(router.host)!);
    separateRouters(
      `${name}-bgp-separation`,
      {
        site: plan.site,
        computeClusterId: inventory.computeClusterId,
        machines: routers.map((router) => router.machine),
      },
      { parent: this, provider },
    );
  }
}

function hostOf(plan: RegionPlan, role: HostRole): HostPlan {
  const [host, ...others] = plan.hosts.filter((each) => each.role === role);
  if (host === undefined || others.length > 0) {
    throw new Error(
      `${plan.site}: the plan has ${host === undefined ? "no host" : "several hosts"} of role ${role}; exactly one is expected.`,
    );
  }
  return host;
}

function roleTag(folder: SiteFolder, host: HostPlan): pulumi.Output<string> {
  const tag = folder.roleTags.get(host.role);
  if (tag === undefined) {
    throw new Error(`${host.name}: the folder has no tag for role ${host.role}.`);
  }
  return tag;
}

/** What the host must hold. Secret as a whole: host keys and passwords are inside. */
function renderHost(host: HostPlan, { site, plan, secrets }: RegionArgs): pulumi.Output<RenderedHost> {
  return pulumi.secret(
    hostSecrets(host, secrets).apply((own) => ({ content: hostContent(site, plan, host, own), secrets: own })),
  );
}

/** What the machine reads at its first boot. A secret: who has it could be the host for as long as nobody has made it one. */
function firstBootData(
  host: HostPlan,
  plan: RegionPlan,
  rendered: pulumi.Output<RenderedHost>,
): pulumi.Output<Record<string, string>> {
  return pulumi.secret(
    rendered.apply(({ content, secrets }) =>
      guestinfo(renderUserData(host, machineBase(host, content, secrets)), renderMetadata(plan, host)),
    ),
  );
}
