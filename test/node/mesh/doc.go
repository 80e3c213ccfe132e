//go:build linux

// Package mesh is an Istio mesh with aws-mesh and AWS in it, on a node of its own: all
// real but AWS, for which the stand-in of test/sdk/aws answers.
//
//	node → DNS, AWS → istiod and its injector → aws-mesh, from deploy/install.yaml → applications
//
// What is under test is as a user has it: the webhook runs in pods from the image that the
// Dockerfile describes and the manifests that are shipped; istiod is installed by its own
// charts; nothing else knows of AWS, or of the test.
package mesh
