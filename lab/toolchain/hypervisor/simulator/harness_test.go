package simulator

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	testUser     = "pulumi@vsphere.local"
	testPassword = "p&ss <w>ord'\""
)

// testConfig is a small site whose template boots nothing.
func testConfig(t *testing.T) *Config {
	t.Helper()
	dir := t.TempDir()
	certificate, key := testCertificate(t, dir)
	return &Config{
		Listen: "127.0.0.1:0", CertFile: certificate, KeyFile: key,
		Account: Account{Username: testUser, Password: testPassword},
		Inventory: Inventory{
			Datacenter: "Siziano", Cluster: "compute", Hosts: []string{"esx1.example", "esx2.example"},
			Datastore: "vsan", DatastoreCapacityGiB: 500, PortGroups: []string{"kubernetes.cmp"},
		},
		Templates: []Template{{
			Name: "debian-12", Root: t.TempDir(), HardwareVersion: "vmx-19", GuestID: "debian12_64Guest",
			CPUs: 1, MemoryMiB: 1024, DiskGiB: 8,
		}},
		Switch:          Switch{Namespace: fmt.Sprintf("kt%d-absent", os.Getpid()), Bridges: map[string]string{"kubernetes.cmp": "vlan"}},
		NamespacePrefix: fmt.Sprintf("kt%d-", os.Getpid()), StateDir: dir,
	}
}

func testCertificate(t *testing.T, dir string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "vcenter"}, IPAddresses: []net.IP{net.ParseIP("127.0.0.1")},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	must(t, err)
	certFile, keyFile = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	must(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), 0o600))
	return certFile, keyFile
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// site is a running stand-in and a client that is logged in to it.
type site struct {
	t       *testing.T
	ctx     context.Context
	config  *Config
	url     *url.URL
	vcenter *VCenter // nil where another process serves it
	client  *govmomi.Client
	finder  *find.Finder
}

func startSite(t *testing.T, config *Config) *site {
	t.Helper()
	vcenter, err := Start(config)
	must(t, err)
	t.Cleanup(func() {
		if err := vcenter.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	s := connectSite(t, config, vcenter.URL())
	s.vcenter = vcenter
	return s
}

// connectSite logs in to a stand-in.
func connectSite(t *testing.T, config *Config, address string) *site {
	t.Helper()
	location, err := url.Parse(address)
	must(t, err)
	s := &site{t: t, ctx: context.Background(), config: config, url: location}
	s.client, err = s.login(testUser, testPassword)
	must(t, err)
	s.finder = find.NewFinder(s.client.Client, false)
	datacenter, err := s.finder.DefaultDatacenter(s.ctx)
	must(t, err)
	s.finder.SetDatacenter(datacenter)
	return s
}

func (s *site) login(user, password string) (*govmomi.Client, error) {
	address := *s.url
	address.User = url.UserPassword(user, password)
	return govmomi.NewClient(s.ctx, &address, true)
}

func (s *site) wait(task *object.Task, err error) *types.TaskInfo {
	s.t.Helper()
	must(s.t, err)
	info, err := task.WaitForResult(s.ctx, nil)
	must(s.t, err)
	return info
}

// clone makes a VM from the first template.
func (s *site) clone(name string, config *types.VirtualMachineConfigSpec) *object.VirtualMachine {
	s.t.Helper()
	template, err := s.finder.VirtualMachine(s.ctx, s.config.Templates[0].Name)
	must(s.t, err)
	folder, err := s.finder.DefaultFolder(s.ctx)
	must(s.t, err)
	pool, err := s.finder.DefaultResourcePool(s.ctx)
	must(s.t, err)
	reference := pool.Reference()
	info := s.wait(template.Clone(s.ctx, folder, name, types.VirtualMachineCloneSpec{
		Location: types.VirtualMachineRelocateSpec{Pool: &reference}, Config: config,
	}))
	return object.NewVirtualMachine(s.client.Client, info.Result.(types.ManagedObjectReference))
}

func (s *site) properties(vm *object.VirtualMachine) mo.VirtualMachine {
	s.t.Helper()
	var properties mo.VirtualMachine
	must(s.t, vm.Properties(s.ctx, vm.Reference(), nil, &properties))
	return properties
}

func disksOf(vm mo.VirtualMachine) []*types.VirtualDisk {
	var disks []*types.VirtualDisk
	for _, device := range object.VirtualDeviceList(vm.Config.Hardware.Device).SelectByType((*types.VirtualDisk)(nil)) {
		disks = append(disks, device.(*types.VirtualDisk))
	}
	return disks
}

func cardsOf(vm mo.VirtualMachine) []*types.VirtualEthernetCard {
	var cards []*types.VirtualEthernetCard
	for _, device := range object.VirtualDeviceList(vm.Config.Hardware.Device).SelectByType((*types.VirtualEthernetCard)(nil)) {
		cards = append(cards, device.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard())
	}
	return cards
}
