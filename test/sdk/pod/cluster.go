package pod

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// clusterPort is where istiod, in Outside, finds the API of its Kubernetes cluster.
const clusterPort = 8001

// cluster serves the API of a Kubernetes cluster in which there is nothing and nothing
// happens: istiod does not start without one, even if it reads its objects from a folder.
func (w *World) cluster(context.Context) error {
	l, err := w.Outside.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", clusterPort))
	if err != nil {
		return fmt.Errorf("an empty cluster: %w", err)
	}
	s := &http.Server{Handler: http.HandlerFunc(nothing)}
	w.down = append(w.down, func() { _ = s.Close() })
	go func() { _ = s.Serve(l) }()
	return nil
}

func nothing(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/version":
		_, _ = w.Write([]byte(`{"major": "1", "minor": "37", "gitVersion": "v1.37.0"}`))
	case r.Method != http.MethodGet, q.Get("sendInitialEvents") != "":
		w.WriteHeader(http.StatusUnprocessableEntity) // clients then list
	case q.Get("watch") != "":
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	case strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadataList"):
		_, _ = w.Write([]byte(`{"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList", "metadata": {"resourceVersion": "1"}, "items": []}`))
	default:
		_, _ = w.Write([]byte(`{"metadata": {"resourceVersion": "1"}, "items": []}`))
	}
}
