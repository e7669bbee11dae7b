//go:build !(amd64 || arm64)

package osfs

// canInterrupt: there is no way to end a wait in the kernel here, so nobody waits there.
func canInterrupt() bool { return false }
