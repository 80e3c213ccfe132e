// Package mutate answers the admission reviews of pods that ask for AWS services,
// and of the workloads that make such pods.
//
//	AdmissionReview JSON → decode → decide → patch → AdmissionReview JSON
//
// [Pod] decides: it reads no more of a pod than it needs, and writes operations by
// hand, so fields that this version does not know survive. [Handler] is its HTTP
// side. Nothing here calls an API, but for [Options.NamespaceRegion].
//
// # Two passes
//
// The webhook is called before Istio's injector and, because that changes the pod,
// once more after it. The first call leaves the annotations that the injector must
// read; the second sees the sidecar, and whether it takes port 443. Only then is a
// container told that it is in the mesh. A call with nothing new patches nothing.
//
// # Whose variables
//
// What a container sets itself at the first call stays ([awsmesh.Status.Kept]);
// every other variable of the contract is the webhook's: written first in the list,
// sorted, so that the container's own $(VAR) can refer to it.
//
// Of the sidecar's environment the webhook sets one variable, [awsmesh.EnvPodUID], by
// which the application knows its answers.
package mutate
