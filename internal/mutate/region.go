package mutate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/awsmesh/endpoints"
)

// Where a region is read in a container.
const (
	envRegion        = "AWS_REGION"
	envDefaultRegion = "AWS_DEFAULT_REGION"
	envFIPS          = "AWS_USE_FIPS_ENDPOINT"
	envDualStack     = "AWS_USE_DUALSTACK_ENDPOINT"
)

// locate finds the region of each site: the annotation of the pod, the container's own
// variable, the namespace, the webhook's default, and at last the one region that the
// other containers of the pod agree on.
func locate(ctx context.Context, list []site, r awsmesh.Request, namespace string, o Options) error {
	var errs []error
	missing := ""
	for i := range list {
		s := &list[i]
		if s.skipped != "" {
			continue
		}
		var err error
		if s.region, s.regionFrom, err = ownRegion(s.container, r); err != nil {
			errs = append(errs, fmt.Errorf("container %s: %w", endpoints.Quote(s.Name), err))
		} else if s.region == "" && missing == "" {
			missing = s.Name
		}
	}
	if missing == "" || len(errs) > 0 {
		return errors.Join(errs...)
	}
	region, from, err := o.region(ctx, namespace)
	if err != nil {
		return err
	}
	if region == "" {
		region, from = agreed(list)
	}
	if region == "" {
		return fmt.Errorf("container %s: no AWS region: set annotation %s on the pod or on namespace %s",
			endpoints.Quote(missing), awsmesh.AnnotationRegion, endpoints.Quote(namespace))
	}
	for i := range list {
		if s := &list[i]; s.skipped == "" && s.region == "" {
			s.region, s.regionFrom = region, from
		}
	}
	return nil
}

// ownRegion returns the region that the pod's annotation or c gives, or "".
func ownRegion(c *container, r awsmesh.Request) (region, from string, err error) {
	if r.Region != "" {
		return r.Region, "annotation " + awsmesh.AnnotationRegion, nil
	}
	for _, name := range []string{envRegion, envDefaultRegion} {
		v, _ := c.Env.find(name)
		switch {
		case v.dynamic():
			return "", "", fmt.Errorf("%s comes from elsewhere (valueFrom or $(…)): set annotation %s, or list the container in %s",
				name, awsmesh.AnnotationRegion, awsmesh.AnnotationSkipContainers)
		case v.Value != "":
			region, err := awsmesh.ParseRegion(v.Value)
			if err != nil {
				return "", "", fmt.Errorf("%s: %w", name, err)
			}
			return region, name, nil
		}
	}
	return "", "", nil
}

// region returns the default of the namespace, else of the cluster, else "".
func (o Options) region(ctx context.Context, namespace string) (region, from string, err error) {
	if o.NamespaceRegion != nil {
		region, err := o.NamespaceRegion(ctx, namespace)
		if err != nil {
			return "", "", fmt.Errorf("namespace %s: %w", endpoints.Quote(namespace), err)
		}
		if region != "" {
			if region, err = awsmesh.ParseRegion(region); err != nil {
				err = fmt.Errorf("namespace %s: %w", endpoints.Quote(namespace), &awsmesh.AnnotationError{Key: awsmesh.AnnotationRegion, Err: err})
			}
			return region, "namespace", err
		}
	}
	if o.DefaultRegion == "" {
		return "", "", nil
	}
	if region, err = awsmesh.ParseRegion(o.DefaultRegion); err != nil {
		err = fmt.Errorf("--default-region of the aws-mesh webhook: %w", err)
	}
	return region, "--default-region", err
}

// agreed returns the one region that the containers of a pod name, or "". Another
// webhook may have put in a container that names none.
func agreed(list []site) (region, from string) {
	for _, s := range list {
		switch {
		case s.region == "" || s.region == region:
		case region != "":
			return "", ""
		default:
			region, from = s.region, "container "+s.Name
		}
	}
	return region, from
}

// params returns the endpoint variant that the SDKs in c choose.
func params(c *container, region string) endpoints.Params {
	on := func(name string) bool {
		v, _ := c.Env.find(name)
		return strings.EqualFold(v.Value, "true")
	}
	return endpoints.Params{Region: region, FIPS: on(envFIPS), DualStack: on(envDualStack)}
}
