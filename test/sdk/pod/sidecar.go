package pod

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/aws-mesh/aws-mesh/awsmesh"
)

// The pod, as Istio knows it.
const (
	Namespace  = "shop"
	UID        = "6c1c7ab6-8f0e-4a5e-9a3f-0b1a6a0d6f0e"
	sidecarDir = Shared + "/sidecar"
	accessLog  = sidecarDir + "/access.log"
	sidecarID  = 1337
	adminPort  = 15000
)

// sidecar starts pilot-agent, which starts Envoy, and waits until it has its listeners.
func (w *World) sidecar(ctx context.Context) error {
	dir := w.Pod.path(sidecarDir)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := os.Chown(dir, sidecarID, sidecarID); err != nil {
		return err
	}
	cmd := As(sidecarID, exec.Command(Shared+"/pilot-agent", "proxy", "sidecar",
		"--domain="+Namespace+".svc.cluster.local", "--templateFile="+Shared+"/envoy_bootstrap.json",
		"--proxyLogLevel=warning", "--log_output_level=all:warn"))
	cmd.Dir = sidecarDir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		awsmesh.EnvPodUID + "=" + UID, "POD_NAME=web", "POD_NAMESPACE=" + Namespace, "INSTANCE_IP=" + podIP, "SERVICE_ACCOUNT=web",
		"ISTIO_META_INTERCEPTION_MODE=REDIRECT", `ISTIO_METAJSON_LABELS={"app":"web"}`,
		"ISTIO_DUAL_STACK=true", "FILE_MOUNTED_CERTS=true", "JWT_POLICY=none", "CA_PROVIDER=none",
		fmt.Sprintf("PROXY_CONFIG={binaryPath: %s/envoy, configPath: %s, discoveryAddress: '%s:%d', controlPlaneAuthPolicy: NONE, concurrency: 2}",
			Shared, sidecarDir, service, discoveryPort),
	}
	if err := w.background(w.Pod, cmd); err != nil {
		return err
	}
	return ready(ctx, w.Pod, "http://127.0.0.1:15021/healthz/ready", "the sidecar")
}
