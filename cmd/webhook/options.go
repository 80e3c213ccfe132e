package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/certs"
	"github.com/aws-mesh/aws-mesh/internal/egress"
	"github.com/aws-mesh/aws-mesh/internal/mutate"
)

// options are what the flags say.
type options struct {
	kubeconfig string
	namespace  string
	logLevel   slog.Level
	version    bool

	host          string
	port          int
	defaultRegion string
	excludeRanges string
	shutdownDelay time.Duration
	waypoints     bool

	egress          bool
	egressLease     time.Duration
	identity        string
	egressRetention time.Duration
	egressGateway   egress.Gateway
	istioNamespace  string

	configurations certs.Configurations
	certDir        string
	certSecret     string
	certValidity   time.Duration

	healthAddr  string
	metricsAddr string
}

// off is the address of a server that is not wanted.
const off = "0"

func (o *options) flags() *pflag.FlagSet {
	f := pflag.NewFlagSet("webhook", pflag.ContinueOnError)
	f.SortFlags = false

	f.StringVar(&o.kubeconfig, "kubeconfig", "", "`file` that says how to reach the API server (default: $KUBECONFIG, else the pod's service account)")
	f.StringVar(&o.namespace, "namespace", "aws-mesh-system", "namespace of the certificate's Secret and of the controller's leases")
	f.TextVar(&o.logLevel, "log-level", slog.LevelInfo, "least `level` that is logged, as JSON on standard error: debug, info, warn or error")
	f.BoolVar(&o.version, "version", false, "print the version and end")

	f.StringVar(&o.host, "host", "", "`address` that --port is on, as in 127.0.0.1 (default: all of the pod's)")
	f.IntVar(&o.port, "port", 9443, "port that serves admission reviews, TLS")
	f.StringVar(&o.defaultRegion, "default-region", "", "AWS `region` of pods when neither they nor their namespace name one, as in eu-west-1 (default: such pods are refused)")
	f.StringVar(&o.excludeRanges, "exclude-ip-ranges", "", "the mesh's own global.proxy.excludeIPRanges, comma-separated `CIDRs`, as in 10.1.0.0/16: repeated where a pod's annotation for the credential endpoints would replace it (default: the mesh has none)")
	f.DurationVar(&o.shutdownDelay, "shutdown-delay", 10*time.Second, "`duration` to go on serving when told to end, until no API server calls this replica, as in 5s")

	f.BoolVar(&o.egress, "egress", true, "run the controller, which opens the AWS hosts that pods need; replicas elect one that does")
	f.DurationVar(&o.egressLease, "egress-lease", 6*time.Second, "`duration` after which another replica runs the controller if the one that did has gone without notice, as in 15s; one that cannot reach the API server for two thirds of it ends")
	f.StringVar(&o.identity, "identity", "", "`name` under which this replica runs the controller, as in NAME_UID of its pod: no other may have it, and the container that follows it in its pod goes on at once (default: a new random name at each start)")
	f.DurationVar(&o.egressRetention, "egress-retention", egress.DefaultRetention, "`duration` that a host stays open when no pod needs it any more, as in 1h")
	f.TextVar(&o.egressGateway, "egress-gateway", egress.Gateway{}, "`namespace/service` of an egress gateway through which calls in plaintext leave the mesh, as in aws-mesh-egress/gateway (default: the sidecars call AWS)")

	f.StringVar(&o.istioNamespace, "istio-namespace", egress.DefaultRootNamespace, "Istio's root `namespace`, meshConfig.rootNamespace: the controller stands back for hosts that objects there have")

	f.BoolVar(&o.waypoints, "waypoints", false, "put ambient pods in mesh mode where their namespace has a waypoint, which originates TLS; needs Istio 1.31 with meshConfig.serviceEntryVisibility NAMESPACE (default: ambient pods originate TLS)")

	f.StringVar(&o.configurations.Mutating, "mutating-configuration", "aws-mesh", "`name` of the MutatingWebhookConfiguration that calls this webhook")
	f.StringVar(&o.configurations.Validating, "validating-configuration", "aws-mesh", `name of the ValidatingWebhookConfiguration that does; "" if there is none`)
	f.StringVar(&o.certDir, "cert-dir", "", "`directory` with tls.crt and tls.key, as cert-manager writes them, read again when they change (default: certificates are made and renewed in --cert-secret)")
	f.StringVar(&o.certSecret, "cert-secret", "aws-mesh-serving-cert", "`name` of the Secret that holds the certificate; has to exist, may be empty")
	f.DurationVar(&o.certValidity, "cert-validity", 90*24*time.Hour, "`duration` for which a certificate is valid, as in 720h; it is renewed when a third is left")

	f.StringVar(&o.healthAddr, "health-addr", ":8081", "`address` that serves /healthz and /readyz, as in 127.0.0.1:8081; 0: none")
	f.StringVar(&o.metricsAddr, "metrics-addr", ":8080", "`address` that serves /metrics, plain HTTP, as in 127.0.0.1:8080; 0: none")
	return f
}

// parseOptions reads and checks the flags. It reports pflag.ErrHelp when help was asked
// for and given.
func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	f := o.flags()
	f.Usage = func() {}
	err := f.Parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		if _, err := fmt.Fprintf(stderr, "Usage: webhook [flags]\n\n%s", f.FlagUsagesWrapped(100)); err != nil {
			return o, err
		}
		return o, pflag.ErrHelp
	}
	if err == nil && f.NArg() > 0 {
		err = fmt.Errorf("%q is not a flag", f.Arg(0))
	}
	if err != nil {
		return o, err
	}
	err = o.validate()
	return o, err
}

// validate reports every mistake, each with its flag.
func (o *options) validate() error {
	var errs []error
	bad := func(flag, format string, args ...any) {
		errs = append(errs, fmt.Errorf("--"+flag+": "+format, args...))
	}
	if o.defaultRegion != "" {
		region, err := awsmesh.ParseRegion(o.defaultRegion)
		if err != nil {
			bad("default-region", "%w", err)
		}
		o.defaultRegion = region
	}
	if err := mutate.CheckRanges(o.excludeRanges); err != nil {
		bad("exclude-ip-ranges", "%w", err)
	}
	if len(validation.IsDNS1123Label(o.istioNamespace)) > 0 {
		bad("istio-namespace", "%q is not the name of a namespace, as in istio-system", o.istioNamespace)
	}
	if o.port < 1 || o.port > 65535 {
		bad("port", "%d is not a port (1 to 65535)", o.port)
	}
	if o.namespace == "" {
		bad("namespace", "has to be set")
	}
	if o.configurations.Mutating == "" {
		bad("mutating-configuration", "has to be set")
	}
	if o.certDir == "" && o.certSecret == "" {
		bad("cert-secret", "has to be set, or --cert-dir")
	}
	if o.certValidity < time.Second {
		bad("cert-validity", "%v is too short (at least 1s)", o.certValidity)
	}
	if o.shutdownDelay < 0 {
		bad("shutdown-delay", "%v is negative", o.shutdownDelay)
	}
	if o.egressLease < leastLease {
		bad("egress-lease", "%v is too short (at least %v)", o.egressLease, leastLease)
	}
	if o.egressRetention < 0 {
		bad("egress-retention", "%v is negative", o.egressRetention)
	}
	for flag, addr := range map[string]string{"health-addr": o.healthAddr, "metrics-addr": o.metricsAddr} {
		if _, _, err := net.SplitHostPort(addr); addr != off && err != nil {
			bad(flag, "%q is not host:port, as in :8080 or 127.0.0.1:8080", addr)
		}
	}
	return errors.Join(errs...)
}

// leastLease leaves a request for the lease a third of a second to be answered.
const leastLease = time.Second

// renewDeadline is after what time without the API server a leader gives up: before
// others may take its lease.
func (o *options) renewDeadline() time.Duration { return o.egressLease * 2 / 3 }

// certSettle is how long a new certificate is trusted before it is served: API servers
// follow the webhook configurations within a second or so.
func (o *options) certSettle() time.Duration {
	return min(30*time.Second, o.certValidity/20)
}
