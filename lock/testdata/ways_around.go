// Package bad goes around the host in every way that the seam test looks for. Each line that does says so at its end.
package bad

import (
	"context"
	"crypto/rand"      // bad
	random "math/rand" // bad
	"math/rand/v2"     // bad
	"net"              // bad
	"net/http"         // bad
	"os"               // bad
	"os/exec"          // bad
	"os/signal"        // bad
	"path/filepath"
	"runtime"
	. "strings" // bad
	"sync"
	"syscall" // bad
	clock "time"
	"unsafe" // bad

	"golang.org/x/sys/unix" // bad

	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/fs/osfs" // bad
)

//go:linkname nanotime runtime.nanotime // bad

func time_(ctx context.Context, host fs.Host) {
	_ = clock.Now()               // bad
	clock.Sleep(clock.Second)     // bad
	_ = clock.After(0)            // bad
	clock.AfterFunc(0, nil)       // bad
	_ = clock.NewTimer(0)         // bad
	_ = clock.NewTicker(0)        // bad
	_ = clock.Tick(0)             // bad
	_ = clock.Since(clock.Time{}) // bad
	_ = clock.Until(clock.Time{}) // bad
	now := clock.Now              // bad
	_, _ = now, host.Now()
	host.Sleep(ctx, clock.Second)
	host.AfterFunc(0, nil)
}

func contexts(ctx context.Context, host fs.Host) {
	context.WithCancel(ctx)                           // bad
	context.WithCancelCause(ctx)                      // bad
	context.WithTimeout(ctx, 0)                       // bad
	context.WithTimeoutCause(ctx, 0, nil)             // bad
	context.WithDeadline(ctx, clock.Time{})           // bad
	context.WithDeadlineCause(ctx, clock.Time{}, nil) // bad
	context.AfterFunc(ctx, nil)                       // bad
	host.WithCancel(context.WithoutCancel(ctx))
}

func tasks(ctx context.Context, host fs.Host, c chan int) {
	go tasks(ctx, host, c)         // bad
	var all sync.WaitGroup         // bad
	var cond *sync.Cond            // bad
	_ = sync.NewCond(nil)          // bad
	runtime.SetFinalizer(c, nil)   // bad
	runtime.AddCleanup(&c, nil, 0) // bad
	runtime.Gosched()              // bad
	<-c                            // bad
	c <- 1                         // bad
	select {                       // bad
	case <-c: // bad
	case c <- 2: // bad
	}
	select {
	case <-c:
	case c <- 3:
	default:
	}
	var mu sync.Mutex
	mu.Lock()
	host.Go("task", func() { all.Wait(); cond.Wait(); mu.Unlock() })
	_ = filepath.Dir(ToLower("/"))
}
