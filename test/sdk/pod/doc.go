// Package pod makes a pod of an Istio mesh, without Kubernetes: network namespaces,
// Istio's own redirect rules, the real Envoy under the real pilot-agent, and the real
// istiod, which reads Istio objects from a folder.
//
//	Outside (AWS, the internet, DNS, istiod) ──veth── Pod  (application, Envoy as uid 1337)
//	                                         ──veth── Bare (application, not in the mesh)
//
// Every name resolves to an address of Outside, where a test listens in its own process
// ([Machine.Listen]); what an application does runs in the pods ([Machine.Run]). A
// [Capture] holds what left a pod, and tells plaintext from TLS.
//
//	w := pod.Start(t, pod.Config{Policy: "REGISTRY_ONLY", Roots: ca})
//	l, err := w.Outside.Listen("tcp", ":443")               // AWS, served by the test itself
//	err = w.Apply(ctx, "aws", objects)                      // what "aws-mesh egress" prints
//	capture, err := w.Pod.Capture()
//	err = w.Pod.Run(pod.TestBinary(ctx, env, "application")) // TestMain sees os.Args[1]
//	leaks, err := capture.Plaintext()
//
// It runs as root on Linux, with ip, iptables and the binaries of "make istio"; [Require]
// says what is missing. Nothing outlives the test, not even one that is killed: all
// processes live in a PID namespace whose first process the kernel ends with the test's,
// and all files in a tmpfs of their own. The host's network and files are not touched.
package pod
