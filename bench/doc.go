// Package bench measures locks: how long it takes to take a free one, how it is handed on between processes and between goroutines, how fairly, at what cost, and
// what happens when a waiter is stopped, killed or gives up.
//
// Machines differ and are shared, so that every figure is measured beside the same figure of something else, in alternating rounds of one run: the system calls themselves,
// and other lock libraries. Those are in a module of its own, bench/peers, which runs as a separate program.
package bench
