// Package e2e tests aws-mesh on a real mesh, see package mesh of test/node: Deployments
// are applied, and what then is called and seen is all there is to it.
//
//	Deployment → both injectors → pod → application, with our packages → sidecar → AWS's stand-in
//
// Each expectation that is written down is a cell. The last lines of the output count
// them: "e2e.cells: N", "e2e.cells_passed: N".
//
// What explains a failure, Events, pods and logs, is in a folder that the output names.
//
// With AWS_MESH_STATE, the state folder of a mesh that "make mesh" has brought up, the
// tests use that one, which is faster to work with.
package e2e
