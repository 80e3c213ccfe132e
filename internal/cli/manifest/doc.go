// Package manifest reads Kubernetes manifests: streams of YAML and JSON documents, as
// kubectl takes them.
//
//	files, folders, stdin → Source → Split → Document → Objects
//
// A document keeps its text, so that what nobody changes can be written back byte for
// byte: the documents of a source, joined, are the source. A mistake in one document
// hides no mistake in the next.
package manifest
