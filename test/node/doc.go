//go:build linux

// Package node makes this machine the one node of a Kubernetes cluster, with pods that
// run: no virtual machine, no Docker, no registry.
//
//	namespaces → network → etcd, kube-apiserver → controllers, containerd → kubelet → kube-proxy
//
// All of it lives in mount, PID, network, UTS and IPC namespaces of its own. The machine
// sees a loopback port for the API server, a folder of logs, and cgroups. The first
// process of the PID namespace ends with the process that called [Up], whatever ends
// that, and with it every other, every mount and the network. What stays are the logs and,
// with cgroups of version 2, the controllers that the machine's root passes on to all
// below it: by then others may have come to use them.
//
//	func main() {
//		node.Main() // this program is also the first process of the node
//		n, err := node.Up(ctx, node.Config{Bin: "bin", Dir: dir})
//		defer n.Down()
//		err = n.Import(ctx, image.Image{Name: "localhost/app:1", …})
//		err = n.Apply(ctx, manifest)
//
// It runs as root on Linux, with the binaries of test/assets/build and test/node/build;
// [Missing] says what else is needed and is not there.
package node
