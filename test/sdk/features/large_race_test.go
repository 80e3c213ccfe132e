//go:build race

package features

// large is no more than what tells a stream from a buffer: the race detector looks at
// every byte, ten times. See the flag -long.
const large = 256 << 20 // bytes
