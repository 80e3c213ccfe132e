package stores

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4"
)

// keyServer tells versitygw the signing keys of sessions, which it then verifies requests
// with; it knows the long-term credentials itself. This is the private protocol between
// versitygw and its IAM service, version 1.
type keyServer struct {
	*http.Server
	socket string
}

func newKeyServer(socket string, sessions sigv4.Lookup) (*keyServer, error) {
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /private/version", answer(func(struct{}) (any, error) {
		return map[string]any{"protocol": 1, "minClient": 1}, nil
	}))
	mux.HandleFunc("POST /private/derive-signing-key", answer(func(r struct {
		AccessKeyID, SessionToken, Date, Region, Service string
	}) (any, error) {
		c, ok := sessions(r.AccessKeyID)
		switch {
		case !ok:
			return nil, errors.New("NoSuchIdentity")
		case c.SessionToken != r.SessionToken:
			return nil, errors.New("InvalidToken")
		}
		return map[string]any{"derivedKey": c.SigningKey(r.Date, r.Region, r.Service)}, nil
	}))
	mux.HandleFunc("POST /private/evaluate-policy", answer(func(r struct{ Actions, Resources []string }) (any, error) {
		decisions := make([][]string, len(r.Resources))
		for i := range decisions {
			for range r.Actions {
				decisions[i] = append(decisions[i], "allow")
			}
		}
		return map[string]any{"decisions": decisions}, nil
	}))
	s := &keyServer{Server: &http.Server{Handler: mux}, socket: socket}
	go func() { _ = s.Serve(l) }() // until Close
	return s, nil
}

// answer adapts a function to the protocol. Its error is a code.
func answer[In any](f func(In) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Vgw-Private-Protocol", "1")
		var in In
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, `{"code":"BadRequest"}`, http.StatusBadRequest)
			return
		}
		out, err := f(in)
		if err != nil {
			w.WriteHeader(http.StatusForbidden)
			out = map[string]string{"code": err.Error()}
		}
		_ = json.NewEncoder(w).Encode(out)
	}
}
