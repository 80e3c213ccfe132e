package aws

import (
	"encoding/json"
	"net/http"
)

// Control lets another process use a server, in JSON:
//
//	GET    /records   the records so far, oldest first
//	POST   /faults    a [Fault]
//	DELETE /records   forgets all records and faults
//	GET    /ca.pem    the certificate to trust
//
// With /records?client=10.0.0.1 it is those of this client alone.
func (s *Server) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /records", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, s.RecordsOf(r.FormValue("client")))
	})
	mux.HandleFunc("DELETE /records", func(_ http.ResponseWriter, r *http.Request) { s.ResetOf(r.FormValue("client")) })
	mux.HandleFunc("GET /ca.pem", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(s.CA()) })
	mux.HandleFunc("POST /faults", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		in := json.NewDecoder(r.Body)
		in.DisallowUnknownFields()
		if err := in.Decode(&f); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := f.check(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.AddFault(f)
	})
	return mux
}
