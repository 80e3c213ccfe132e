package awsmesh_test

import (
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

func TestLinkLocal(t *testing.T) {
	for host, want := range map[string]string{
		"169.254.169.254": "169.254.169.254", "169.254.170.2": "169.254.170.2", "169.254.170.23": "169.254.170.23",
		"fd00:ec2::254": "fd00:ec2::254", "FD00:EC2::23": "fd00:ec2::23",
		"::ffff:169.254.169.254": "169.254.169.254", "fe80::1%eth0": "fe80::1%eth0",
		"fd00:ec3::23": "", "fd00::23": "", "127.0.0.1": "", "10.0.0.1": "", "localhost": "", "169.254.169.254.nip.io": "", "": "",
	} {
		addr, ok := awsmesh.LinkLocal(host)
		if ok != (want != "") || ok && addr.String() != want {
			t.Errorf("LinkLocal(%q) = %v, %v, want %q", host, addr, ok, want)
		}
	}
}
