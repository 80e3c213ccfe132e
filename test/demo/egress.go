package main

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A column shows one kind of Istio object, by the fields that matter for its host.
type column struct {
	kind string
	host []string // path of the host, or of a list that begins with it
	show func(spec map[string]any) string
}

var columns = []column{
	{"ServiceEntry", []string{"hosts"}, func(spec map[string]any) string {
		port := item(spec, "ports", 0)
		return fmt.Sprintf("%v %v", port["protocol"], port["number"])
	}},
	{"DestinationRule", []string{"host"}, func(spec map[string]any) string {
		tls, _, _ := unstructured.NestedMap(spec, "trafficPolicy", "tls")
		return fmt.Sprintf("TLS %v", tls["mode"])
	}},
	{"VirtualService", []string{"hosts"}, func(spec map[string]any) string {
		// The first route answers for the second, which leads to AWS.
		retries, _, _ := unstructured.NestedMap(item(spec, "http", 1), "retries")
		return fmt.Sprintf("%v retries", retries["attempts"])
	}},
}

// showEgress shows the objects of every host, once they are all there.
func (d *demo) showEgress(ctx context.Context, hosts []string) error {
	found := map[string]string{} // by kind and host
	err := d.until(ctx, "the Istio objects", func(ctx context.Context) (bool, error) {
		for _, c := range columns {
			if err := d.find(ctx, c, found); err != nil {
				return false, err
			}
		}
		return len(found) >= len(hosts)*len(columns), nil
	})
	if err != nil {
		return err
	}
	header := []string{"Istio objects of its namespace"}
	for _, c := range columns {
		header = append(header, c.kind)
	}
	rows := []string{strings.Join(header, "\t")}
	for _, host := range hosts {
		row := []string{host}
		for _, c := range columns {
			row = append(row, found[c.kind+host])
		}
		rows = append(rows, strings.Join(row, "\t"))
	}
	d.lines("")
	d.table(rows...)
	return nil
}

// find adds what the objects of one kind say of their hosts.
func (d *demo) find(ctx context.Context, c column, found map[string]string) error {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: c.kind + "List"})
	if err := d.cluster.Client.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return err
	}
	for _, object := range list.Items {
		spec, _, _ := unstructured.NestedMap(object.Object, "spec")
		for _, host := range names(spec, c.host...) {
			found[c.kind+host] = c.show(spec)
		}
	}
	return nil
}

// names returns the string or strings at a path.
func names(spec map[string]any, path ...string) []string {
	if list, ok, err := unstructured.NestedStringSlice(spec, path...); ok && err == nil {
		return list
	}
	name, _, _ := unstructured.NestedString(spec, path...)
	return []string{name}
}

// item returns the map at index i of the list in a field.
func item(spec map[string]any, field string, i int) map[string]any {
	list, _, _ := unstructured.NestedSlice(spec, field)
	if i >= len(list) {
		return nil
	}
	m, _ := list[i].(map[string]any)
	return m
}
