package awsmesh_test

import (
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

func TestWaypoint(t *testing.T) {
	for _, test := range []struct{ use, of, name, in string }{
		{"", "", "", "shop"},
		{"none", "", "", "shop"},
		{"none", "infra", "", "infra"},
		{"egress", "", "egress", "shop"},
		{"egress", "shop", "egress", "shop"},
		{"egress", "infra", "egress", "infra"},
	} {
		labels := map[string]string{awsmesh.LabelWaypoint: test.use, awsmesh.LabelWaypointNamespace: test.of}
		if name, in := awsmesh.Waypoint("shop", labels); name != test.name || in != test.in {
			t.Errorf("Waypoint(shop, %v) = %q, %q, want %q, %q", labels, name, in, test.name, test.in)
		}
	}
}
