// Package scenarios holds the proof of what the companion packages promise, on real
// parts: both SDKs in a pod in network namespaces (package stage), in and out of the
// mesh, told to be in it and told not to be, under both of Istio's policies for unknown
// hosts.
//
//	a row of the table → application → sidecar → AWS
//	                   ↘ outcome    ↘ access log ↘ capture, records
//
// Every test looks at three things: what the application was told, what AWS has, and
// each byte that left the pod.
package scenarios
