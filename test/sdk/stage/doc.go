// Package stage is where an application of aws-mesh plays: a pod in network namespaces
// (package pod), all of AWS around it (package aws), the egress objects of the pod's
// annotations in its sidecar, and the environment that the webhook would set.
//
//	test → Start → Stage → Run(machine, "application", environment, input) → output
//	                                        ↓ the test binary, as user 1000
//	       records, leaks        ←   sidecar → AWS
//
// An application is a function of the test package, known by name in its TestMain:
//
//	func TestMain(m *testing.M) { stage.Main(m, stage.Apps{"put": stage.App(put)}) }
//
//	func put(ctx context.Context, in Item) (Receipt, error)
//
//	s := stage.Start(t, stage.Config{Annotations: stage.Services("dynamodb,s3")})
//	capture := s.Capture(t, s.Pod)
//	receipt := stage.Run[Receipt](t, s.Pod, "put", s.Env(t), Item{…})
//	leaks := s.Leaks(t, capture)
//
// A stage takes about a second: share one among the subtests of a test.
package stage
