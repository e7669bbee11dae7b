//go:build unix && !linux

package worker

// waitStopped takes the signal to have had its effect once it was sent: there is no call to wait for it.
func waitStopped(int) error { return nil }
