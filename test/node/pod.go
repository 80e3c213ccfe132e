//go:build linux

package node

import (
	"context"
	"fmt"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// A Pod is reached through the API server: nothing else leads into the node.
type Pod struct {
	node *Node
	path string
}

// Pod returns the port of a pod that serves HTTP.
func (n *Node) Pod(namespace, name string, port int) Pod {
	return Pod{n, fmt.Sprintf("/api/v1/namespaces/%s/pods/%s:%d/proxy/", namespace, name, port)}
}

// Do asks for the path, which may have a query, and returns the answer's body. An answer
// that is not a success is an error.
func (p Pod) Do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	client, err := p.node.Client()
	if err != nil {
		return nil, err
	}
	answer, err := client.CoreV1().RESTClient().Verb(method).RequestURI(p.path + path).Body(body).DoRaw(ctx)
	if err != nil {
		err = fmt.Errorf("%s %s%s: %w\n%s", method, p.path, path, err, answer)
	}
	return answer, err
}

// Client returns a client of the API server, as administrator. It is always the same.
func (n *Node) Client() (*kubernetes.Clientset, error) { return n.client() }

func (n *Node) newClient() (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", n.Kubeconfig())
	if err != nil {
		return nil, err
	}
	config.QPS = -1 // no limit
	return kubernetes.NewForConfig(config)
}
