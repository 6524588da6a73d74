package simulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/vmware/govmomi/vapi/rest"
)

// tagPrivileges names what each change of tags takes, by resource and HTTP method. Source: vSphere Security, "Tagging
// privileges".
var tagPrivileges = map[string]map[string]string{
	"category": {
		http.MethodPost: "InventoryService.Tagging.CreateCategory", http.MethodPatch: "InventoryService.Tagging.EditCategory",
		http.MethodDelete: "InventoryService.Tagging.DeleteCategory",
	},
	"tag": {
		http.MethodPost: "InventoryService.Tagging.CreateTag", http.MethodPatch: "InventoryService.Tagging.EditTag",
		http.MethodDelete: "InventoryService.Tagging.DeleteTag",
	},
	"tag-association": {http.MethodPost: "InventoryService.Tagging.AttachTag"},
}

// restPrivilege says what a request takes: nothing for those that read, and an answer of false for changes that are not
// known here, which accounts with a list of privileges may not make.
func restPrivilege(r *http.Request) (privilege string, known bool) {
	action := r.URL.Query().Get("~action")
	if r.Method == http.MethodGet || strings.HasSuffix(r.URL.Path, "/cis/session") || strings.HasPrefix(action, "list") {
		return "", true
	}
	_, resource, ok := strings.Cut(r.URL.Path, "/cis/tagging/")
	if !ok {
		return "", false
	}
	resource, _, _ = strings.Cut(resource, "/")
	privilege, known = tagPrivileges[resource][r.Method]
	return privilege, known
}

// guardREST refuses what an account may not do, and the two logins that the simulator grants to anyone.
func (v *VCenter) guardREST(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "SIGN ") || (r.Method == http.MethodPost && r.URL.Path == "/api") {
			restError(w, http.StatusUnauthorized, "unauthenticated", "the lab's vCenter takes user name and password only")
			return
		}
		privilege, known := restPrivilege(r)
		if privilege == "" && known {
			next.ServeHTTP(w, r)
			return
		}
		user := restUser(next, r)
		if user == "" || v.unrestricted(user) || (known && v.granted(user, privilege)) {
			next.ServeHTTP(w, r) // without a session the simulator refuses by itself
			return
		}
		restError(w, http.StatusForbidden, "unauthorized", user+" lacks "+privilege+" for "+r.Method+" "+r.URL.Path)
	})
}

// restUser asks the simulator whose session a request carries; empty without one.
func restUser(next http.Handler, r *http.Request) string {
	question := httptest.NewRequest(http.MethodGet, rest.Path+"/com/vmware/cis/session", nil)
	question.Header.Set(sessionHeader, r.Header.Get(sessionHeader))
	for _, cookie := range r.Cookies() {
		question.AddCookie(cookie)
	}
	recorder := httptest.NewRecorder()
	next.ServeHTTP(recorder, question)
	var answer struct {
		Value rest.Session `json:"value"`
	}
	if recorder.Code != http.StatusOK || json.Unmarshal(recorder.Body.Bytes(), &answer) != nil {
		return ""
	}
	return answer.Value.User
}

// restError answers as vAPI does.
func restError(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type":  "com.vmware.vapi.std.errors." + kind,
		"value": map[string]any{"messages": []map[string]any{{"default_message": message, "id": "lab", "args": []string{}}}},
	})
}
