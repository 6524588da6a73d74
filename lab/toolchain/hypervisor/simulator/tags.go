package simulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// bareTypes takes the prefix off a category's associable types before the simulator stores them. A vCenter accepts
// "urn:vim25:VirtualMachine" and answers "VirtualMachine"; the simulator would answer what it got.
func bareTypes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "/cis/tagging/category") {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var value any
		if json.Unmarshal(body, &value) == nil && stripTypes(value) {
			if changed, err := json.Marshal(value); err == nil {
				body = changed
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		next.ServeHTTP(w, r)
	})
}

// stripTypes changes every list called associable_types within a JSON value, and says whether there was one.
func stripTypes(value any) bool {
	object, ok := value.(map[string]any)
	if !ok {
		return false
	}
	changed := false
	for key, inner := range object {
		list, isList := inner.([]any)
		if key != "associable_types" || !isList {
			changed = stripTypes(inner) || changed
			continue
		}
		for i, entry := range list {
			if text, ok := entry.(string); ok {
				list[i] = strings.TrimPrefix(text, "urn:vim25:")
				changed = true
			}
		}
	}
	return changed
}
