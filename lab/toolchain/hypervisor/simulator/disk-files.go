package simulator

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vmdk"
)

// flatSuffix marks the file with a disk's content, beside its descriptor.
const flatSuffix = "-flat.vmdk"

// descriptorFile is where a disk's descriptor lies, given its datastore path.
func (v *VCenter) descriptorFile(datastorePath string) (string, error) {
	_, path, ok := strings.Cut(datastorePath, "] ")
	if !ok || !strings.HasSuffix(path, ".vmdk") {
		return "", fmt.Errorf("disk file %q: not of the form [datastore] folder/name.vmdk", datastorePath)
	}
	file := filepath.Join(v.config.datastoreDir(), path)
	if !strings.HasPrefix(file, v.config.datastoreDir()+string(os.PathSeparator)) {
		return "", fmt.Errorf("disk file %q leaves its datastore", datastorePath)
	}
	return file, nil
}

// flatFile is where a disk's content lies, given its datastore path.
func (v *VCenter) flatFile(datastorePath string) (string, error) {
	file, err := v.descriptorFile(datastorePath)
	return simulator.VirtualDiskBackingFileName(file), err
}

// capacityOf reads a disk's size in bytes from its descriptor.
func capacityOf(descriptorFile string) (int64, error) {
	file, err := os.Open(descriptorFile)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	descriptor, err := vmdk.ParseDescriptor(file)
	if err != nil {
		return 0, fmt.Errorf("disk descriptor %s: %w", descriptorFile, err)
	}
	return descriptor.Capacity(), nil
}

// adoptCapacity gives a disk that is attached the size that its file has, as a vCenter does; the provider names none.
func (v *VCenter) adoptCapacity(disk *types.VirtualDisk) error {
	backing, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo)
	if !ok || disk.CapacityInBytes != 0 || disk.CapacityInKB != 0 {
		return nil
	}
	file, err := v.descriptorFile(backing.GetVirtualDeviceFileBackingInfo().FileName)
	if err != nil {
		return err
	}
	size, err := capacityOf(file)
	disk.CapacityInBytes, disk.CapacityInKB = size, size/1024
	return err
}

// freeSpace is the datastore's capacity less the size of all disks in it, whether a VM has them or not.
func (v *VCenter) freeSpace() (int64, error) {
	free := v.config.Inventory.DatastoreCapacityGiB * gib
	err := filepath.WalkDir(v.config.datastoreDir(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".vmdk") || strings.HasSuffix(path, flatSuffix) {
			return ignoreAbsent(err)
		}
		size, err := capacityOf(path)
		free -= size
		return ignoreAbsent(err)
	})
	return free, err
}

// ignoreAbsent lets a file vanish between being listed and being read.
func ignoreAbsent(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

// account writes the free space into the inventory. The simulator's own bookkeeping drifts: it counts a disk again at
// every attachment and forgets those that are made apart from a VM.
func (v *VCenter) account(ctx *simulator.Context) {
	free, err := v.freeSpace()
	if err != nil {
		v.events.add("", "accounting-failed", err.Error())
		return
	}
	// Not by an update, which would rewrite the whole summary while others read the datastore's URL from it unlocked.
	ctx.WithLock(v.inventory.datastore, func() {
		v.inventory.datastore.Summary.FreeSpace = free
		v.inventory.datastore.Info.GetDatastoreInfo().FreeSpace = free
	})
}

// datastore keeps RefreshDatastore from setting the simulator's default of 1 TB a host.
type datastore struct {
	*simulator.Datastore
	vcenter *VCenter
}

// RefreshDatastore counts again.
func (d *datastore) RefreshDatastore(ctx *simulator.Context, _ *types.RefreshDatastore) soap.HasFault {
	d.vcenter.account(ctx)
	return &methods.RefreshDatastoreBody{Res: &types.RefreshDatastoreResponse{}}
}
