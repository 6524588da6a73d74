package simulator

import (
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// datastoreBrowser adds the capacity of the disks it finds. The simulator leaves it at zero, by which the provider takes
// every virtual disk for one that was shrunk and has to be replaced.
type datastoreBrowser struct {
	*simulator.HostDatastoreBrowser
	vcenter *VCenter
}

// SearchDatastoreTask searches one folder.
func (b *datastoreBrowser) SearchDatastoreTask(ctx *simulator.Context, req *types.SearchDatastore_Task) soap.HasFault {
	req.SearchSpec = wholeSearch(req.SearchSpec)
	task := simulator.CreateTask(b.Reference(), "searchDatastore", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		inner := b.HostDatastoreBrowser.SearchDatastoreTask(ctx, req).(*methods.SearchDatastore_TaskBody)
		result, fault := await(ctx, inner.Res.Returnval)
		if fault != nil {
			return nil, fault
		}
		found := result.(types.HostDatastoreBrowserSearchResults)
		b.addCapacity(found)
		return found, nil
	})
	return &methods.SearchDatastore_TaskBody{Res: &types.SearchDatastore_TaskResponse{Returnval: task.Run(ctx)}}
}

// SearchDatastoreSubFoldersTask searches a folder and all below it.
func (b *datastoreBrowser) SearchDatastoreSubFoldersTask(ctx *simulator.Context, req *types.SearchDatastoreSubFolders_Task) soap.HasFault {
	req.SearchSpec = wholeSearch(req.SearchSpec)
	task := simulator.CreateTask(b.Reference(), "searchDatastoreSubFolders", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		inner := b.HostDatastoreBrowser.SearchDatastoreSubFoldersTask(ctx, req).(*methods.SearchDatastoreSubFolders_TaskBody)
		result, fault := await(ctx, inner.Res.Returnval)
		if fault != nil {
			return nil, fault
		}
		found := result.(types.ArrayOfHostDatastoreBrowserSearchResults)
		for _, folder := range found.HostDatastoreBrowserSearchResults {
			b.addCapacity(folder)
		}
		return found, nil
	})
	return &methods.SearchDatastoreSubFolders_TaskBody{Res: &types.SearchDatastoreSubFolders_TaskResponse{Returnval: task.Run(ctx)}}
}

// wholeSearch fills in what a vCenter takes an absent search spec to mean: every file. The simulator would panic.
func wholeSearch(spec *types.HostDatastoreBrowserSearchSpec) *types.HostDatastoreBrowserSearchSpec {
	if spec == nil {
		spec = new(types.HostDatastoreBrowserSearchSpec)
	}
	if len(spec.MatchPattern) == 0 {
		spec.MatchPattern = []string{"*"}
	}
	return spec
}

func (b *datastoreBrowser) addCapacity(found types.HostDatastoreBrowserSearchResults) {
	_, folder, _ := strings.Cut(found.FolderPath, "]")
	for _, file := range found.File {
		disk, ok := file.(*types.VmDiskFileInfo)
		if !ok {
			continue
		}
		if size, err := capacityOf(filepath.Join(b.vcenter.config.datastoreDir(), strings.TrimSpace(folder), disk.Path)); err == nil {
			disk.CapacityKb = size / 1024
		}
	}
}
