package simulator

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"net/url"
)

// jsonCall is what a client without any library does.
func (s *site) jsonCall(method, path, key string, body any) (int, string, http.Header) {
	s.t.Helper()
	text, err := json.Marshal(body)
	must(s.t, err)
	request, err := http.NewRequest(method, "https://"+s.vcenter.server.URL.Host+jsonPrefix+"8.0.3.0/"+path, bytes.NewReader(text))
	must(s.t, err)
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set(sessionHeader, key)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	response, err := client.Do(request)
	must(s.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	must(s.t, err)
	return response.StatusCode, string(answer), response.Header
}

func (s *site) jsonLogin(user, password string) (status int, answer, key string) {
	s.t.Helper()
	status, answer, header := s.jsonCall("POST", "SessionManager/SessionManager/Login", "", map[string]string{"userName": user, "password": password})
	return status, answer, header.Get(sessionHeader)
}

func TestJSONLogin(t *testing.T) {
	s := startSite(t, testConfig(t))
	status, answer, key := s.jsonLogin(testUser, "wrong")
	if status != 500 || key != "" || !strings.Contains(answer, `"_typeName":"InvalidLogin"`) {
		t.Errorf("wrong password: %d %s", status, answer)
	}
	status, answer, key = s.jsonLogin(testUser, testPassword)
	if status != 200 || key == "" || !strings.Contains(answer, `"userName":"`+testUser) {
		t.Errorf("login: %d %s", status, answer)
	}
	datastore := "Datastore/" + s.vcenter.inventory.datastore.Self.Value
	status, answer, _ = s.jsonCall("GET", datastore+"/summary", "", nil)
	if status != 500 || !strings.Contains(answer, "NotAuthenticated") {
		t.Errorf("without a session: %d %s", status, answer)
	}
	status, answer, _ = s.jsonCall("GET", datastore+"/summary", key, nil)
	var summary types.DatastoreSummary
	if err := json.Unmarshal([]byte(answer), &summary); err != nil || summary.Capacity != 500*gib || summary.FreeSpace != 492*gib {
		t.Errorf("summary: %d %s", status, answer)
	}
	if status, answer, _ = s.jsonCall("GET", datastore+"/name", key, nil); answer != `"vsan"` && strings.TrimSpace(answer) != `"vsan"` {
		t.Errorf("name: %d %s", status, answer)
	}
	if status, answer, _ = s.jsonCall("GET", datastore+"/host", key, nil); !strings.HasPrefix(answer, "[{") {
		t.Errorf("host: %d %s", status, answer)
	}
	if status, answer, _ = s.jsonCall("POST", "ServiceInstance/ServiceInstance/RetrieveServiceContent", "", map[string]string{}); status != 200 || !strings.Contains(answer, `"apiVersion":"8.0.3.0"`) {
		t.Errorf("content: %d %s", status, answer)
	}
	if status, answer, _ = s.jsonCall("POST", "SessionManager/SessionManager/NoSuchMethod", key, nil); status != 400 {
		t.Errorf("unknown method: %d %s", status, answer)
	}
	if status, _, _ = s.jsonCall("POST", "SessionManager/SessionManager/Logout", key, map[string]string{}); status != 204 {
		t.Errorf("logout: %d", status)
	}
	if status, answer, _ = s.jsonCall("GET", datastore+"/summary", key, nil); status != 500 {
		t.Errorf("after the logout: %d %s", status, answer)
	}
}

// govmomi has a client of the VI JSON API, written against a real vCenter.
func TestGovmomisJSONClient(t *testing.T) {
	s := startSite(t, testConfig(t))
	address := *s.vcenter.server.URL
	transport := soap.NewClient(&address, true)
	transport.Version = "8.0.3.0"
	client, err := vim25.NewClient(s.ctx, transport)
	must(t, err)
	client.UseJSON(true)
	manager := session.NewManager(client)
	must(t, manager.Login(s.ctx, url.UserPassword(testUser, testPassword)))
	found, err := object.NewSearchIndex(client).FindByInventoryPath(s.ctx, "/Siziano/vm/debian-12")
	must(t, err)
	if found == nil {
		t.Fatal("template not found")
	}
	var vm mo.VirtualMachine
	must(t, object.NewVirtualMachine(client, found.Reference()).Properties(s.ctx, found.Reference(), []string{"config"}, &vm))
	if vm.Config.Version != "vmx-19" || !vm.Config.Template || len(disksOf(vm)) != 1 {
		t.Errorf("template by JSON: %s, %v, %d disks", vm.Config.Version, vm.Config.Template, len(disksOf(vm)))
	}
	if err := manager.Logout(s.ctx); err != nil {
		t.Error(err)
	}
}
