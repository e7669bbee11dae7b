//go:build linux

package lock_test

import (
	"io"
	"os"
	"testing"
)

// roleVariable makes the test binary, when it runs itself, another process of the test instead of the tests.
const roleVariable = "HOLDFAST_TEST_ROLE"

const (
	roleContender = "contender" // obeys commands, see serve
	roleBystander = "bystander" // reads its standard input to the end
)

// environment is that of a process in the given role. The race detector's pause before a process ends is for reports that other threads are about to make.
func environment(role string) []string {
	return append(os.Environ(), roleVariable+"="+role, "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
}

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVariable); role {
	case "":
		os.Exit(m.Run())
	case roleContender:
		serve(os.Stdin, os.Stdout)
	case roleBystander:
		io.Copy(io.Discard, os.Stdin)
	default:
		panic("unknown role " + role)
	}
	os.Exit(0) // through the race detector, which makes it 66 if it has found something
}
