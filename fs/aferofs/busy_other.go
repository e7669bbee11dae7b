//go:build !windows

package aferofs

// errnoBusy: no error means that another process has the file open.
var errnoBusy error
