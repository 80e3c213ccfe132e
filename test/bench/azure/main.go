// Command azure measures azure-workload-identity's webhook for the benchmark beside it.
// It is a module of its own because this webhook does not compile with a
// controller-runtime newer than its own.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/Azure/azure-workload-identity/pkg/webhook"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/aws-mesh/aws-mesh/test/bench/measure"
)

// The arguments are the file of a review and how long to measure. The output is a
// [measure.Result].
func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "azure-workload-identity:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("%d arguments: want REVIEW DURATION", len(args))
	}
	review, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	h, err := newMutator()
	if err != nil {
		return err
	}
	result, err := measure.Handler(h, review, d)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// newMutator adds a token volume, its mounts and four variables to each container.
func newMutator() (*admission.Webhook, error) {
	if err := os.Setenv("AZURE_TENANT_ID", "6d5f0a6e-2f0b-4f0e-9a52-1f2a2c3d4e5f"); err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	c := cache{}
	h, err := webhook.NewPodMutator(c, c, "", scheme)
	return &admission.Webhook{Handler: h}, err
}

// cache has every service account, at the price of a read from a warm informer.
type cache struct{ client.Client }

func (cache) Get(_ context.Context, key client.ObjectKey, obj client.Object, _ ...client.GetOption) error {
	obj.SetNamespace(key.Namespace)
	obj.SetName(key.Name)
	obj.SetAnnotations(map[string]string{webhook.ClientIDAnnotation: "7a1c9a5e-8f42-4a68-9b0e-0c9f8e7d6a5b"})
	return nil
}
