// Package parity holds the endpoint table against the AWS SDKs for Go: where
// they would send a request, our hosts must let it go.
//
//	SDK's resolver → host → is it among endpoints.Resolve(...).Hosts?
//
// Each difference stands in testdata, under the reason for it. A difference
// without a reason is a failing test.
package parity
