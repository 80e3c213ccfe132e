package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync/atomic"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/structpb"
)

// What Envoy asks for, in its order, and the names of those that it asks for by name:
// the API server's endpoints, and the routes of the port that AWS is called on.
const clusters = "type.googleapis.com/envoy.config.cluster.v3.Cluster"

var subscriptions = []struct {
	kind  string
	names []string
}{
	{clusters, nil},
	{"type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment", []string{"outbound|443||kubernetes.default.svc.cluster.local"}},
	{"type.googleapis.com/envoy.config.listener.v3.Listener", nil},
	{"type.googleapis.com/envoy.config.route.v3.RouteConfiguration", []string{"443"}},
}

// A sidecar is simulated as istiod sees it.
type sidecar struct {
	watched string // a cluster
	conn    *grpc.ClientConn
	stream  discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient

	kinds     atomic.Int32  // of configuration that it has got
	bytes     atomic.Int64  // of all resources that it has got
	responses atomic.Int64  // that it has got
	sum       atomic.Uint64 // of the watched cluster; 0: there is none
	failed    atomic.Pointer[error]
}

// connect has a sidecar ask istiod for everything. It goes on until ctx is done.
func connect(ctx context.Context, address, namespace string, n int, watched string) (*sidecar, error) {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	s := &sidecar{watched: watched, conn: conn}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	if s.stream, err = discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(ctx); err != nil {
		return nil, err
	}
	ip := fmt.Sprintf("10.%d.%d.%d", 100+n>>16, n>>8&255, n&255)
	metadata, err := structpb.NewStruct(map[string]any{
		"NAMESPACE": namespace, "CLUSTER_ID": "Kubernetes", "ISTIO_VERSION": "1.31.0", "INSTANCE_IPS": ip,
		"LABELS": map[string]any{"app": "web"}, "SERVICE_ACCOUNT": "default", "MESH_ID": "cluster.local",
	})
	if err != nil {
		return nil, err
	}
	node := &corev3.Node{Id: fmt.Sprintf("sidecar~%s~web.%s~%[2]s.svc.cluster.local", ip, namespace), Cluster: "web." + namespace, Metadata: metadata}
	for _, subscription := range subscriptions {
		if err := s.stream.Send(&discoveryv3.DeltaDiscoveryRequest{
			Node: node, TypeUrl: subscription.kind, ResourceNamesSubscribe: subscription.names,
		}); err != nil {
			return nil, err
		}
	}
	go s.receive(ctx)
	return s, nil
}

// receive acknowledges everything.
func (s *sidecar) receive(ctx context.Context) {
	seen := map[string]bool{}
	for ctx.Err() == nil {
		response, err := s.stream.Recv()
		if err == nil {
			s.take(response)
			seen[response.TypeUrl] = true
			s.kinds.Store(int32(len(seen)))
			err = s.stream.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: response.TypeUrl, ResponseNonce: response.Nonce})
		}
		if err != nil {
			s.failed.Store(&err)
			return
		}
	}
}

func (s *sidecar) take(r *discoveryv3.DeltaDiscoveryResponse) {
	size := 0
	for _, resource := range r.Resources {
		size += len(resource.Resource.GetValue())
		if r.TypeUrl == clusters && resource.Name == s.watched {
			sum := fnv.New64a()
			_, _ = sum.Write(resource.Resource.GetValue())
			s.sum.Store(sum.Sum64())
		}
	}
	for _, name := range r.RemovedResources {
		if r.TypeUrl == clusters && name == s.watched {
			s.sum.Store(0)
		}
	}
	s.bytes.Add(int64(size))
	s.responses.Add(1)
}

// synced reports whether it has the answers to all that it asked for.
func (s *sidecar) synced() bool {
	return int(s.kinds.Load()) == len(subscriptions) && s.sum.Load() != 0
}
