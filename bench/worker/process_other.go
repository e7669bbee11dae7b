//go:build !linux

package worker

import "os/exec"

func startTied(cmd *exec.Cmd) error { return cmd.Start() }
