// Package leaks lets in whatever would make two runs of a seed differ. Each line that does says so at its end.
package leaks

import (
	"fmt"
	"hash/maphash" // leaks
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	clock "time"
	"unsafe" // leaks
)

type byName map[string]int

func order(m byName, s []int, c chan int) {
	for name := range m { // leaks
		_ = name
	}
	for range maps.Keys(m) { // leaks
	}
	_ = slices.Collect(maps.Values(m)) // leaks
	_ = slices.Sorted(maps.Keys(m))
	for range s {
	}
	for range c {
	}
	clear(m)
}

func choice(one, two chan int) {
	select { // leaks
	case <-one:
	case <-two:
	}
	select { // leaks
	case <-one:
	case two <- 1:
	default:
	}
	select {
	case <-one:
	default:
	}
	go choice(one, two) // leaks
}

func outside(p *int) {
	_ = clock.Now()      // leaks
	later := clock.After // leaks
	_ = later
	_ = clock.Second
	_ = rand.IntN(6) // leaks
	_ = rand.New(rand.NewPCG(1, 2)).IntN(6)
	var pool sync.Pool // leaks
	_ = pool.Get()
	var mu sync.Mutex
	mu.Lock()
	runtime.SetFinalizer(p, nil)   // leaks
	runtime.AddCleanup(p, nil, 0)  // leaks
	_ = fmt.Sprintf("%p", p)       // leaks
	_ = uintptr(unsafe.Pointer(p)) // leaks
	_ = maphash.String(maphash.MakeSeed(), "")
}
