// Command peers lets other lock libraries for Go be measured beside Holdfast's. `holdfast bench` builds and runs it. It is a module of its own, so that nobody who imports Holdfast
// downloads them.
package main

import (
	"os"

	"github.com/holdfast-lock/holdfast/bench"
	"github.com/holdfast-lock/holdfast/bench/worker"
)

func main() { worker.Serve(bench.Tasks(peers), os.Stdin, os.Stdout) }
