package egress

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/aws-mesh/aws-mesh/internal/egress"
	"github.com/aws-mesh/aws-mesh/test/cluster"
)

func rule(group, verbs string, resources ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: strings.Split(verbs, ",")}
}

// user is the access of the controller to each cluster.
var user = struct {
	mu        sync.Mutex
	byCluster map[*cluster.Cluster]*rest.Config
}{byCluster: map[*cluster.Cluster]*rest.Config{}}

func userOf(t *testing.T, c *cluster.Cluster) *rest.Config {
	t.Helper()
	user.mu.Lock()
	defer user.mu.Unlock()
	cfg := user.byCluster[c]
	if cfg == nil {
		var err error
		if cfg, err = access(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		user.byCluster[c] = cfg
	}
	return rest.CopyConfig(cfg)
}

// running is a controller in a manager of its own, as in a process of its own.
type running struct {
	t      *testing.T
	mgr    ctrl.Manager
	writes *writes
	log    *lines
	cancel context.CancelFunc
	done   chan error

	reconciled float64 // what all before it have reconciled
}

// start runs r against c until the test ends. adjust may change the manager's options.
func start(t *testing.T, c *cluster.Cluster, r *egress.Reconciler, adjust ...func(*ctrl.Options)) *running {
	t.Helper()
	run := &running{t: t, writes: &writes{}, log: &lines{}, done: make(chan error, 1), reconciled: reconcileCount(t)}
	cfg := userOf(t, c)
	cfg.QPS, cfg.Burst = 1000, 2000
	cfg.Wrap(run.writes.watch)
	again := true
	options := ctrl.Options{
		Cache:      egress.CacheOptions(),
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Logger:     run.log.logger(),
		Controller: config.Controller{SkipNameValidation: &again},
	}
	for _, f := range adjust {
		f(&options)
	}
	var err error
	if run.mgr, err = ctrl.NewManager(cfg, options); err != nil {
		t.Fatal(err)
	}
	if err := r.SetupWithManager(run.mgr); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	run.cancel = cancel
	go func() { run.done <- run.mgr.Start(ctx) }()
	t.Cleanup(run.stop)
	return run
}

// stop ends the controller and waits for it. It may be called again.
func (r *running) stop() {
	if r.cancel == nil {
		return
	}
	r.cancel()
	r.cancel = nil
	select {
	case err := <-r.done:
		if err != nil {
			r.t.Errorf("manager: %v", err)
		}
	case <-time.After(time.Minute):
		r.t.Error("manager did not stop")
	}
	if r.t.Failed() {
		r.t.Log("the controller's log:\n" + r.log.String())
	}
}

// settle waits until the controller has reconciled what there is, and then nothing for a
// while.
func (r *running) settle() {
	r.t.Helper()
	eventually(r.t, func() error {
		if reconcileCount(r.t) == r.reconciled {
			return errors.New("nothing was reconciled")
		}
		return nil
	})
	last, since := reconcileCount(r.t), time.Now()
	for time.Since(since) < 500*time.Millisecond {
		if n := reconcileCount(r.t); n != last {
			last, since = n, time.Now()
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// writes are the requests that change Istio objects, as "PATCH /apis/…".
type writes struct {
	mu   sync.Mutex
	seen []string
}

func (w *writes) watch(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Method != http.MethodGet && strings.Contains(req.URL.Path, "networking.istio.io") {
			w.mu.Lock()
			w.seen = append(w.seen, req.Method+" "+req.URL.Path)
			w.mu.Unlock()
		}
		return next.RoundTrip(req)
	})
}

// to returns the writes to namespace, or to all.
func (w *writes) to(namespace string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, s := range w.seen {
		if namespace == "" || strings.Contains(s, "/namespaces/"+namespace+"/") {
			out = append(out, s)
		}
	}
	return out
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) logger() logr.Logger {
	return funcr.New(func(prefix, args string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.text.WriteString(time.Now().Format("05.000 ") + prefix + " " + args + "\n")
	}, funcr.Options{})
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
