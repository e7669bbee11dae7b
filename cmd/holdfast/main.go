// Command holdfast locks files for scripts, says who holds a lock, verifies that locks exclude on a given filesystem, and measures them.
package main

import (
	"os"

	"github.com/holdfast-lock/holdfast/cmd/holdfast/internal/kind"
)

func main() { os.Exit(execute(os.Args[1:], kind.All)) }
