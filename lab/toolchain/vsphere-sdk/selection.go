package main

// What the stack uses of the package. Everything else is left out of the SDK.
var (
	resources = []string{
		"vsphere:index/computeClusterVmAntiAffinityRule:ComputeClusterVmAntiAffinityRule",
		"vsphere:index/folder:Folder",
		"vsphere:index/resourcePool:ResourcePool",
		"vsphere:index/tag:Tag",
		"vsphere:index/tagCategory:TagCategory",
		"vsphere:index/virtualDisk:VirtualDisk",
		"vsphere:index/virtualMachine:VirtualMachine",
	}
	functions = []string{
		"vsphere:index/getComputeCluster:getComputeCluster",
		"vsphere:index/getDatacenter:getDatacenter",
		"vsphere:index/getDatastore:getDatastore",
		"vsphere:index/getFolder:getFolder",
		"vsphere:index/getHost:getHost",
		"vsphere:index/getNetwork:getNetwork",
		"vsphere:index/getResourcePool:getResourcePool",
		"vsphere:index/getTag:getTag",
		"vsphere:index/getTagCategory:getTagCategory",
		"vsphere:index/getVirtualMachine:getVirtualMachine",
	}
)
