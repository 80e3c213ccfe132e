package egress

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/internal/egress"
)

func TestPodsComeAndGo(t *testing.T) {
	s := newSpace(t, env.Client, "come-and-go")
	run := start(t, env, &egress.Reconciler{Retention: egress.DefaultRetention})

	t.Log("a pod comes")
	web := s.addPod("web", status("dynamodb", "sts").String())
	for _, u := range s.has("dynamodb", "sts") {
		if owner := u.GetManagedFields()[0]; owner.Manager != "aws-mesh" || owner.Operation != "Apply" {
			t.Errorf("%s is owned by %s (%s)", id(u), owner.Manager, owner.Operation)
		}
	}

	t.Log("another one comes, that shares hosts: only what is new is written")
	run.settle()
	before := len(run.writes.to(s.name))
	worker := s.addPod("worker", status("secretsmanager", "sts").String())
	s.has("dynamodb", "secretsmanager", "sts")
	run.settle()
	if n := len(run.writes.to(s.name)) - before; n != 3 {
		t.Errorf("%d writes for one new host, want 3", n)
	}

	t.Log("it goes: what it alone needed is marked")
	s.delete(worker)
	eventually(t, func() error {
		if marks := s.marks(); len(marks) != 3 || marks["ServiceEntry aws-mesh-secretsmanager.eu-west-1.amazonaws.com"] == "" {
			return fmt.Errorf("marks: %v", marks)
		}
		return nil
	})

	t.Log("it comes back: the marks are taken off")
	s.addPod("worker", status("secretsmanager").String())
	eventually(t, func() error {
		if marks := s.marks(); len(marks) > 0 {
			return fmt.Errorf("marks: %v", marks)
		}
		return nil
	})

	t.Log("the first one goes")
	s.delete(web)
	wantMarks := len(s.desired("dynamodb", "sts"))
	eventually(t, func() error {
		if marks := s.marks(); len(marks) != wantMarks {
			return fmt.Errorf("%d marks, want %d", len(marks), wantMarks)
		}
		return nil
	})
	s.has("dynamodb", "secretsmanager", "sts")
}

func TestRetentionOutlivesRestarts(t *testing.T) {
	s := newSpace(t, env.Client, "restarts")
	run := start(t, env, &egress.Reconciler{Retention: 10 * time.Minute})
	web := s.addPod("web", status("sqs").String())
	s.has("sqs")

	t.Log("the last pod leaves while nobody looks")
	run.stop()
	s.delete(web)
	run = start(t, env, &egress.Reconciler{Retention: 10 * time.Minute})
	var marks map[string]string
	eventually(t, func() error {
		if marks = s.marks(); len(marks) != 3 {
			return fmt.Errorf("marks: %v", marks)
		}
		return nil
	})
	run.settle()
	run.stop()

	t.Log("a restart just before the time is up changes nothing")
	since, err := time.Parse(time.RFC3339, marks["ServiceEntry aws-mesh-sqs.eu-west-1.amazonaws.com"])
	s.must(err)
	at := func(d time.Duration) func() time.Time { return func() time.Time { return since.Add(d) } }
	run = start(t, env, &egress.Reconciler{Retention: 10 * time.Minute, Now: at(10*time.Minute - time.Second/2)})
	run.settle()
	if n := len(run.writes.to(s.name)); n != 0 {
		t.Errorf("%d writes before the time is up", n)
	}
	s.has("sqs")
	run.stop()

	t.Log("and one after it deletes")
	run = start(t, env, &egress.Reconciler{Retention: 10 * time.Minute, Now: at(10 * time.Minute)})
	s.has()
	deletes := run.writes.to(s.name)
	if len(deletes) != 3 || deletes[0] != "DELETE /apis/networking.istio.io/v1/namespaces/restarts/serviceentries/aws-mesh-sqs.eu-west-1.amazonaws.com" {
		t.Errorf("writes: %q, want the ServiceEntry's deletion first", deletes)
	}
}

func TestRetentionEndsByItself(t *testing.T) {
	s := newSpace(t, env.Client, "retention")
	start(t, env, &egress.Reconciler{Retention: 4 * time.Second})
	web := s.addPod("web", status("sqs").String())
	s.has("sqs")
	s.delete(web)
	left := time.Now()
	s.has()
	if d := time.Since(left); d < 2*time.Second { // marks have whole seconds
		t.Errorf("kept for %v, want 4 s", d)
	}
}

func TestModes(t *testing.T) {
	s := newSpace(t, env.Client, "modes")
	start(t, env, &egress.Reconciler{})
	through := status("sqs")
	through.Mode = awsmesh.Passthrough
	quiet := s.addPod("passthrough", through.String())
	eventually(t, func() error {
		if got := s.ours(); len(got) != 1 || got[0].GetKind() != "ServiceEntry" {
			return fmt.Errorf("objects: %s", content(got))
		}
		return nil
	})

	t.Log("a plaintext pod joins it: plaintext wins, and the passthrough pod is told")
	loud := s.addPod("plaintext", status("sqs").String())
	s.has("sqs")
	s.hasEvent(quiet, "Warning AWSMeshModeConflict: sqs.eu-west-1.amazonaws.com is called in plaintext by other pods")
	if got := s.events(loud); got != "" {
		t.Errorf("events of the plaintext pod: %s", got)
	}

	t.Log("it leaves: passthrough again, without a DestinationRule that would put TLS into TLS")
	s.delete(loud)
	eventually(t, func() error {
		if got := s.ours(); len(got) != 1 {
			return fmt.Errorf("objects: %s", content(got))
		}
		return nil
	})
}

// A namespace may get its waypoint after its pods.
func TestWaypointComesLater(t *testing.T) {
	s := newSpace(t, env.Client, "waypoint-later")
	start(t, env, &egress.Reconciler{Waypoints: true})
	ambient := status("sqs")
	ambient.Waypoint = true
	web := s.addPod("web", ambient.String())
	s.hasEvent(web, `Warning AWSMeshPodIgnored: no AWS host is open for this pod: its status says that it is ambient, but namespace "waypoint-later" has no waypoint`)
	label := `{"metadata":{"labels":{"istio.io/dataplane-mode":"ambient","istio.io/use-waypoint":"waypoint"}}}`
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.name}}
	s.must(s.client.Patch(t.Context(), ns, client.RawPatch("application/merge-patch+json", []byte(label))))
	eventually(t, func() error {
		if got := s.ours(); len(got) != 3 {
			return fmt.Errorf("objects: %s", content(got))
		}
		return nil
	})
}

func TestForgedStatus(t *testing.T) {
	s := newSpace(t, env.Client, "forged")
	start(t, env, &egress.Reconciler{MaxHosts: 50})
	s.addPod("honest", status("sqs").String())
	s.has("sqs")
	for name, forged := range map[string]string{
		"hosts":   `{"inMesh":true,"services":["sns"],"endpoints":[{"region":"eu-west-1","hosts":["evil.example.com"]}],"hosts":["*"]}`,
		"service": `{"inMesh":true,"services":["evil.example.com"],"endpoints":[{"region":"eu-west-1"}]}`,
		"region":  `{"inMesh":true,"services":["sqs"],"endpoints":[{"region":"eu-west-1.evil.example.com/"}]}`,
		"bucket":  `{"inMesh":true,"services":["s3"],"s3Buckets":["evil.example.com"],"endpoints":[{"region":"eu-west-1"}]}`,
		"json":    `{"inMesh":`,
	} {
		pod := s.addPod(name, forged)
		if name != "hosts" {
			s.hasEvent(pod, "Warning AWSMeshPodIgnored: no AWS host is open for this pod: annotation aws-mesh/status:")
		}
	}
	flood := status("s3")
	for i := range 100 {
		flood.Buckets = append(flood.Buckets, fmt.Sprint("bucket-", i))
	}
	s.hasEvent(s.addPod("flood", flood.String()), "hosts open (limit 50)")
	s.has("sns", "sqs")
}
