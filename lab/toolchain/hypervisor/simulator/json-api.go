package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

// The Virtual Infrastructure JSON API (vSphere 8.0 U1 and later), which the simulator lacks: each call is translated to
// the SOAP call that it stands for, and the answer back. Source: "Virtual Infrastructure JSON API", Broadcom developer
// portal; paths are /sdk/vim25/{release}/{type}/{id}/{method} (POST) and .../{property} (GET).
const (
	jsonPrefix    = "/sdk/vim25/"
	sessionHeader = "vmware-api-session-id"
)

func (v *VCenter) serveJSON(w http.ResponseWriter, r *http.Request) {
	part := strings.Split(strings.TrimPrefix(r.URL.Path, jsonPrefix), "/")
	if len(part) != 4 {
		jsonError(w, http.StatusNotFound, "path must be "+jsonPrefix+"{release}/{type}/{id}/{method or property}")
		return
	}
	this := types.ManagedObjectReference{Type: part[1], Value: part[2]}
	var request any
	var err error
	switch r.Method {
	case http.MethodPost:
		request, err = jsonRequest(this, part[3], r.Body)
	case http.MethodGet:
		request = propertyRequest(this, part[3])
	default:
		jsonError(w, http.StatusMethodNotAllowed, "use POST for methods, GET for properties")
		return
	}
	if err != nil {
		jsonError(w, http.StatusBadRequest, err.Error())
		return
	}
	answer, header, err := v.soapCall(r, request)
	if err != nil {
		jsonError(w, http.StatusInternalServerError, err.Error())
		return
	}
	if response, ok := answer.(*types.RetrievePropertiesResponse); ok && r.Method == http.MethodGet {
		writeProperty(w, response)
		return
	}
	if fault, ok := answer.(*soap.Fault); ok {
		writeFault(w, fault)
		return
	}
	if key := header.Get(sessionHeader); key != "" {
		w.Header().Set(sessionHeader, key)
	}
	value := reflect.ValueOf(answer).Elem().FieldByName("Returnval")
	if !value.IsValid() {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	writeJSON(w, http.StatusOK, value.Interface())
}

// jsonRequest decodes the body of a call into the method's parameters.
func jsonRequest(this types.ManagedObjectReference, method string, body io.Reader) (any, error) {
	kind, ok := types.TypeFunc()(method)
	if !ok || kind.Kind() != reflect.Struct {
		return nil, fmt.Errorf("no method %s", method)
	}
	request := reflect.New(kind)
	target := request.Elem().FieldByName("This")
	if !target.IsValid() {
		return nil, fmt.Errorf("no method %s", method)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(text)) > 0 {
		if err := types.NewJSONDecoder(bytes.NewReader(text)).Decode(request.Interface()); err != nil {
			return nil, fmt.Errorf("body of %s: %w", method, err)
		}
	}
	target.Set(reflect.ValueOf(this))
	return request.Interface(), nil
}

// propertyRequest is what reading one property of an object stands for.
func propertyRequest(this types.ManagedObjectReference, path string) any {
	return &types.RetrieveProperties{
		This: types.ManagedObjectReference{Type: "PropertyCollector", Value: "propertyCollector"},
		SpecSet: []types.PropertyFilterSpec{{
			PropSet:   []types.PropertySpec{{Type: this.Type, PathSet: []string{path}}},
			ObjectSet: []types.ObjectSpec{{Obj: this}},
		}},
	}
}

// requestBody encodes a call under its method's name, which is its Go type's.
type requestBody struct{ call any }

// MarshalXML puts the call into the namespace of the vSphere API.
func (b requestBody) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	body := xml.StartElement{Name: xml.Name{Space: "http://schemas.xmlsoap.org/soap/envelope/", Local: "Body"}}
	if err := e.EncodeToken(body); err != nil {
		return err
	}
	name := reflect.TypeOf(b.call).Elem().Name()
	if err := e.EncodeElement(b.call, xml.StartElement{Name: xml.Name{Space: "urn:" + vim25.Namespace, Local: name}}); err != nil {
		return err
	}
	return e.EncodeToken(body.End())
}

// soapCall sends a call through the simulator's SOAP endpoint and returns its response, or its fault. A login's session
// key comes back in the header.
func (v *VCenter) soapCall(r *http.Request, call any) (any, http.Header, error) {
	var envelope bytes.Buffer
	if err := xml.NewEncoder(&envelope).Encode(soap.Envelope{Body: requestBody{call}}); err != nil {
		return nil, nil, fmt.Errorf("encode %T: %w", call, err)
	}
	inner, err := http.NewRequestWithContext(r.Context(), http.MethodPost, vim25.Path, &envelope)
	if err != nil {
		return nil, nil, err
	}
	inner.RemoteAddr = r.RemoteAddr
	inner.Header.Set("User-Agent", r.UserAgent())
	if key := r.Header.Get(sessionHeader); key != "" {
		inner.AddCookie(&http.Cookie{Name: soap.SessionCookieName, Value: key})
	}
	recorder := httptest.NewRecorder()
	v.service.ServeSDK(recorder, inner)
	header := http.Header{}
	for _, cookie := range recorder.Result().Cookies() {
		if cookie.Name == soap.SessionCookieName {
			header.Set(sessionHeader, cookie.Value)
		}
	}
	answer, err := decodeResponse(recorder.Body)
	return answer, header, err
}

// decodeResponse reads the first element in the envelope's body into its type.
func decodeResponse(body io.Reader) (any, error) {
	decoder := xml.NewDecoder(body)
	decoder.TypeFunc = types.TypeFunc()
	inside := false
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("SOAP response: %w", err)
		}
		element, ok := token.(xml.StartElement)
		switch {
		case !ok:
		case !inside:
			inside = element.Name.Local == "Body"
		case element.Name.Local == "Fault":
			fault := new(soap.Fault)
			return fault, decoder.DecodeElement(fault, &element)
		default:
			kind, ok := jsonResponses[element.Name.Local]
			if !ok {
				return nil, fmt.Errorf("the lab's VI JSON API does not know %s: add it to jsonResponses", element.Name.Local)
			}
			response := reflect.New(kind).Interface()
			return response, decoder.DecodeElement(response, &element)
		}
	}
}

func writeProperty(w http.ResponseWriter, response *types.RetrievePropertiesResponse) {
	for _, content := range response.Returnval {
		for _, property := range content.PropSet {
			writeJSON(w, http.StatusOK, property.Val)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// writeFault answers with the fault and its message, as a vCenter does, with status 500.
func writeFault(w http.ResponseWriter, fault *soap.Fault) {
	var buffer bytes.Buffer
	object := map[string]json.RawMessage{}
	if err := types.NewJSONEncoder(&buffer).Encode(fault.VimFault()); err == nil {
		_ = json.Unmarshal(buffer.Bytes(), &object)
	}
	if _, ok := object["_typeName"]; !ok {
		object["_typeName"], _ = json.Marshal(reflect.Indirect(reflect.ValueOf(fault.VimFault())).Type().Name())
	}
	object["faultstring"], _ = json.Marshal(fault.String)
	text, _ := json.Marshal(object)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write(text)
}

func jsonError(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": message})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	var buffer bytes.Buffer
	if err := types.NewJSONEncoder(&buffer).Encode(value); err != nil {
		jsonError(w, http.StatusInternalServerError, err.Error())
		return
	}
	text := buffer.Bytes()
	// The encoder marks the type of every root value, as is right for values declared as Any. Results and properties are
	// declared as what they are, so a list is plain `[...]` and a string plain `"..."`.
	var marked struct {
		TypeName string          `json:"_typeName"`
		Value    json.RawMessage `json:"_value"`
	}
	if json.Unmarshal(text, &marked) == nil && marked.TypeName != "" && marked.Value != nil {
		text = marked.Value
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}
