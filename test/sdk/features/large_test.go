//go:build !race

package features

const large = 1 << 30 // bytes
