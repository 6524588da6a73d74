package simulator

import (
	"net/http"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// gate stands before the simulator's HTTP handlers: it adds the VI JSON API, asks for a login where the simulator serves
// files to anyone, holds the REST API to the accounts' privileges, and closes what a vCenter does not have.
func (v *VCenter) gate(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", next)
	mux.HandleFunc(jsonPrefix, v.serveJSON)
	mux.HandleFunc("/folder/", func(w http.ResponseWriter, r *http.Request) {
		if !v.mayReadFiles(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="VMware HTTP server"`)
			http.Error(w, "log in first", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
	for _, path := range []string{"/about", "/guestFile", "/guestFile/", "/nfc/"} {
		mux.HandleFunc(path, http.NotFound)
	}
	for _, path := range []string{"/rest/", "/api", "/api/"} {
		mux.Handle(path, v.guardREST(bareTypes(next)))
	}
	return mux
}

// mayReadFiles accepts Basic credentials or a session cookie, as a vCenter's datastore browser does.
func (v *VCenter) mayReadFiles(r *http.Request) bool {
	const privilege = "Datastore.FileManagement"
	if user, password, ok := r.BasicAuth(); ok {
		return v.validLogin(&types.Login{UserName: user, Password: password}) && v.granted(user, privilege)
	}
	cookie, err := r.Cookie(soap.SessionCookieName)
	if err != nil {
		return false
	}
	for _, account := range v.accounts() {
		question := &types.SessionIsActive{SessionID: cookie.Value, UserName: account.Username}
		answer, ok := v.ctx.Map.SessionManager().SessionIsActive(v.context(), question).(*methods.SessionIsActiveBody)
		if ok && answer.Res != nil && answer.Res.Returnval {
			return v.granted(account.Username, privilege)
		}
	}
	return false
}
