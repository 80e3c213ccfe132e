package pod

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"
)

// Istiod's folder and ports, in Outside. Its discovery port speaks gRPC in plaintext.
const (
	istiodDir     = Shared + "/istiod"
	objectsDir    = istiodDir + "/objects"
	discoveryPort = 15010
	readyPort     = 8080
)

// noMTLS lets the sidecar accept requests without a certificate of the mesh, which nobody
// here issues.
const noMTLS = `{apiVersion: security.istio.io/v1, kind: PeerAuthentication,
metadata: {name: default, namespace: istio-system}, spec: {mtls: {mode: DISABLE}}}`

// istiod starts Istio's control plane without Kubernetes: it reads objects from a folder,
// and issues no certificates.
func (w *World) istiod(ctx context.Context) error {
	policy := w.config.Policy
	if policy == "" {
		policy = "ALLOW_ANY"
	}
	mesh := fmt.Sprintf("outboundTrafficPolicy: {mode: %s}\naccessLogFile: %s\n%s", policy, accessLog, w.config.Mesh)
	if err := os.MkdirAll(w.Outside.path(objectsDir), 0o755); err != nil {
		return err
	}
	kubeconfig := fmt.Sprintf(`{clusters: [{name: c, cluster: {server: "http://127.0.0.1:%d"}}], contexts: [{name: c, context: {cluster: c}}], current-context: c}`, clusterPort)
	for name, text := range map[string]string{"mesh.yaml": mesh, "kubeconfig.yaml": kubeconfig, "objects/mtls.yaml": noMTLS} {
		if err := os.WriteFile(w.Outside.path(istiodDir+"/"+name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	cmd := exec.Command(Shared+"/pilot-discovery", "discovery",
		"--configDir="+objectsDir, "--meshConfig="+istiodDir+"/mesh.yaml", "--kubeconfig="+istiodDir+"/kubeconfig.yaml",
		fmt.Sprintf("--grpcAddr=:%d", discoveryPort), fmt.Sprintf("--httpAddr=:%d", readyPort),
		"--httpsAddr=", "--secureGRPCAddr=", "--monitoringAddr=127.0.0.1:15014", "--ctrlz_port=0",
		"--log_output_level=all:warn")
	cmd.Dir = istiodDir
	cmd.Env = []string{
		"POD_NAMESPACE=istio-system", "ISTIO_DUAL_STACK=true",
		// Filters that Istio's build of Envoy has, and Envoy itself lacks.
		"PILOT_ENABLE_ALPN_FILTER=false", "PILOT_ENABLE_METADATA_EXCHANGE=false",
		"PILOT_CERT_PROVIDER=none", "ENABLE_CA_SERVER=false", "INJECT_ENABLED=false", "ENABLE_LEADER_ELECTION=false",
		"PILOT_DEBOUNCE_AFTER=20ms", // the default is for thousands of objects at a time
	}
	if err := w.background(w.Outside, cmd); err != nil {
		return err
	}
	return ready(ctx, w.Outside, fmt.Sprintf("http://127.0.0.1:%d/ready", readyPort), "istiod")
}

// ready waits until url, in m, answers 200.
func ready(ctx context.Context, m *Machine, url, who string) error {
	err := until(ctx, func() error {
		res, err := m.client().Get(url)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", url, res.Status)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s is not ready, see Config.Log: %w", who, err)
	}
	return nil
}

// client returns a client of what listens in m.
func (m *Machine) client() *http.Client {
	return &http.Client{
		Timeout: 20 * time.Second,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return m.DialContext(ctx, network, address)
			},
		},
	}
}
