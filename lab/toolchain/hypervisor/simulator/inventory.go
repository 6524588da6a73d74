package simulator

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

const gib = int64(1) << 30

// inventory is what the vCenter shows, with the references that the rest of this package needs.
type inventory struct {
	datacenter *object.Datacenter
	folders    *object.DatacenterFolders
	cluster    *object.ClusterComputeResource
	datastore  *simulator.Datastore
	// portGroups maps a port group's key to its name.
	portGroups map[string]string
}

// build fills an empty vCenter with the site's datacenter, cluster, hosts, datastore, port groups and templates.
func build(ctx *simulator.Context, client *vim25.Client, config *Config) (*inventory, error) {
	want := config.Inventory
	inv := &inventory{portGroups: map[string]string{}}
	var err error
	if inv.datacenter, err = object.NewRootFolder(client).CreateDatacenter(ctx, want.Datacenter); err != nil {
		return nil, fmt.Errorf("datacenter %s: %w", want.Datacenter, err)
	}
	if inv.folders, err = inv.datacenter.Folders(ctx); err != nil {
		return nil, err
	}
	if err := inv.addCluster(ctx, client, want); err != nil {
		return nil, err
	}
	if err := inv.addPortGroups(ctx, client, want); err != nil {
		return nil, err
	}
	if err := inv.addDatastore(ctx, client, config); err != nil {
		return nil, err
	}
	for _, template := range config.Templates {
		if err := inv.addTemplate(ctx, client, want, template); err != nil {
			return nil, fmt.Errorf("template %s: %w", template.Name, err)
		}
	}
	inv.removeDefaultNetwork(ctx)
	return inv, nil
}

func (inv *inventory) addCluster(ctx context.Context, client *vim25.Client, want Inventory) error {
	spec := types.ClusterConfigSpecEx{DrsConfig: &types.ClusterDrsConfigInfo{
		Enabled: types.NewBool(true), DefaultVmBehavior: types.DrsBehaviorFullyAutomated,
	}}
	var err error
	if inv.cluster, err = inv.folders.HostFolder.CreateCluster(ctx, want.Cluster, spec); err != nil {
		return fmt.Errorf("cluster %s: %w", want.Cluster, err)
	}
	// The simulator's CreateCluster ignores its spec; a reconfiguration is heeded.
	task, err := inv.cluster.Reconfigure(ctx, &spec, true)
	if err == nil {
		err = task.Wait(ctx)
	}
	if err != nil {
		return fmt.Errorf("cluster %s: %w", want.Cluster, err)
	}
	for _, name := range want.Hosts {
		task, err := inv.cluster.AddHost(ctx, types.HostConnectSpec{HostName: name}, true, nil, nil)
		if err == nil {
			err = task.Wait(ctx)
		}
		if err != nil {
			return fmt.Errorf("host %s: %w", name, err)
		}
	}
	return nil
}

func (inv *inventory) addPortGroups(ctx *simulator.Context, client *vim25.Client, want Inventory) error {
	name := want.DistributedSwitch
	if name == "" {
		name = "switch"
	}
	hosts, err := inv.cluster.Hosts(ctx)
	if err != nil {
		return err
	}
	members := &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{Name: name}}
	task, err := inv.folders.NetworkFolder.CreateDVS(ctx, types.DVSCreateSpec{ConfigSpec: members})
	if err != nil {
		return fmt.Errorf("distributed switch %s: %w", name, err)
	}
	info, err := task.WaitForResult(ctx, nil)
	if err != nil {
		return fmt.Errorf("distributed switch %s: %w", name, err)
	}
	dvs := object.NewDistributedVirtualSwitch(client, info.Result.(types.ManagedObjectReference))
	for _, host := range hosts {
		task, err := dvs.Reconfigure(ctx, &types.DVSConfigSpec{Host: []types.DistributedVirtualSwitchHostMemberConfigSpec{{
			Operation: string(types.ConfigSpecOperationAdd), Host: host.Reference(),
		}}})
		if err == nil {
			err = task.Wait(ctx)
		}
		if err != nil {
			return fmt.Errorf("distributed switch %s: host %s: %w", name, host.Name(), err)
		}
	}
	for _, group := range want.PortGroups {
		task, err := dvs.AddPortgroup(ctx, []types.DVPortgroupConfigSpec{{
			Name: group, NumPorts: 8, AutoExpand: types.NewBool(true),
			Type: string(types.DistributedVirtualPortgroupPortgroupTypeEarlyBinding),
		}})
		if err == nil {
			err = task.Wait(ctx)
		}
		if err != nil {
			return fmt.Errorf("port group %s: %w", group, err)
		}
	}
	for _, entity := range ctx.Map.All("DistributedVirtualPortgroup") {
		group := entity.(*simulator.DistributedVirtualPortgroup)
		inv.portGroups[group.Key] = group.Config.Name
	}
	// The simulator adds a port group to the cluster once for each host.
	cluster := ctx.Map.Get(inv.cluster.Reference()).(*simulator.ClusterComputeResource)
	slices.SortFunc(cluster.Network, func(a, b types.ManagedObjectReference) int { return strings.Compare(a.Value, b.Value) })
	cluster.Network = slices.Compact(cluster.Network)
	return nil
}

func (inv *inventory) addDatastore(ctx *simulator.Context, client *vim25.Client, config *Config) error {
	dir := config.datastoreDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	hosts, err := inv.cluster.Hosts(ctx)
	if err != nil {
		return err
	}
	for _, host := range hosts {
		system, err := host.ConfigManager().DatastoreSystem(ctx)
		if err != nil {
			return err
		}
		if _, err := system.CreateLocalDatastore(ctx, config.Inventory.Datastore, dir); err != nil {
			return fmt.Errorf("datastore %s: %w", config.Inventory.Datastore, err)
		}
	}
	inv.datastore = ctx.Map.Any("Datastore").(*simulator.Datastore)
	capacity := config.Inventory.DatastoreCapacityGiB * gib
	inv.datastore.Summary.Type = string(types.HostFileSystemVolumeFileSystemTypeVMFS)
	inv.datastore.Summary.MultipleHostAccess = types.NewBool(true)
	inv.datastore.Summary.Capacity, inv.datastore.Summary.FreeSpace = capacity, capacity
	inv.datastore.Info.GetDatastoreInfo().FreeSpace = capacity
	return nil
}

// removeDefaultNetwork takes away the "VM Network" that the simulator gives every datacenter and that the site lacks.
func (inv *inventory) removeDefaultNetwork(ctx *simulator.Context) {
	for _, entity := range ctx.Map.All("Network") {
		network := entity.Reference()
		folder := ctx.Map.Get(inv.folders.NetworkFolder.Reference()).(*simulator.Folder)
		simulator.RemoveReference(&folder.ChildEntity, network)
		datacenter := ctx.Map.Get(inv.datacenter.Reference()).(*simulator.Datacenter)
		simulator.RemoveReference(&datacenter.Network, network)
		cluster := ctx.Map.Get(inv.cluster.Reference()).(*simulator.ClusterComputeResource)
		simulator.RemoveReference(&cluster.Network, network)
		for _, host := range ctx.Map.All("HostSystem") {
			simulator.RemoveReference(&host.(*simulator.HostSystem).Network, network)
		}
		ctx.Map.Remove(ctx, network)
	}
}
