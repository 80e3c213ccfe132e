package aws

import (
	"encoding/json"
	"net/http"
)

// echo answers for every service that has no handler: what came, in a shape that the
// clients of that service's protocol can read.
type echo struct{}

func (echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		w.Header().Set("Content-Type", "application/cbor")
		_, _ = w.Write([]byte{0xa0}) // an empty map
	case shape(r, host{}) == shapeQuery:
		if err := r.ParseForm(); err != nil {
			refuse(w, r, host{}, err)
			return
		}
		answerQuery(w, r.Form.Get("Action"), struct{ Host, Method, URI string }{r.Host, r.Method, r.RequestURI})
	default:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amzn-RequestId", requestID)
		_ = json.NewEncoder(w).Encode(map[string]any{"Host": r.Host, "Method": r.Method, "URI": r.RequestURI, "Header": r.Header})
	}
}
