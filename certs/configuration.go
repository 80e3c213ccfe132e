package certs

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Configurations names the webhook configurations through which the API server calls
// the webhook. An empty name means that there is none.
type Configurations struct{ Mutating, Validating string }

// Objects returns one empty object for each configuration, with its name.
func (c Configurations) Objects() []client.Object {
	var objs []client.Object
	if c.Mutating != "" {
		objs = append(objs, &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: c.Mutating}})
	}
	if c.Validating != "" {
		objs = append(objs, &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: c.Validating}})
	}
	return objs
}

// read gets every configuration. Its errors name the one that is missing.
func (c Configurations) read(ctx context.Context, from client.Reader) ([]client.Object, error) {
	objs := c.Objects()
	var errs []error
	for _, obj := range objs {
		if err := from.Get(ctx, client.ObjectKeyFromObject(obj), obj); err != nil {
			errs = append(errs, err)
		}
	}
	return objs, errors.Join(errs...)
}

// clientConfigs returns the part of each webhook that says where it is and which
// authorities it is trusted by; writing to one changes obj.
func clientConfigs(obj client.Object) []*admissionregistrationv1.WebhookClientConfig {
	var out []*admissionregistrationv1.WebhookClientConfig
	switch obj := obj.(type) {
	case *admissionregistrationv1.MutatingWebhookConfiguration:
		for i := range obj.Webhooks {
			out = append(out, &obj.Webhooks[i].ClientConfig)
		}
	case *admissionregistrationv1.ValidatingWebhookConfiguration:
		for i := range obj.Webhooks {
			out = append(out, &obj.Webhooks[i].ClientConfig)
		}
	}
	return out
}

// serverNames returns the names by which the API server calls the webhook, sorted.
func serverNames(objs []client.Object) ([]string, error) {
	var names []string
	for _, obj := range objs {
		for _, c := range clientConfigs(obj) {
			name, err := serverName(c)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", describe(obj), err)
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func serverName(c *admissionregistrationv1.WebhookClientConfig) (string, error) {
	if c.Service != nil {
		return c.Service.Name + "." + c.Service.Namespace + ".svc", nil
	}
	if c.URL == nil {
		return "", errors.New("clientConfig has neither service nor url")
	}
	u, err := url.Parse(*c.URL)
	if err != nil {
		return "", err
	}
	return u.Hostname(), nil
}

// describe names a configuration as kubectl does.
func describe(obj client.Object) string {
	kind := fmt.Sprintf("%T", obj)
	return strings.ToLower(kind[strings.LastIndexByte(kind, '.')+1:]) + "/" + obj.GetName()
}
