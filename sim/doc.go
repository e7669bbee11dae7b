// Package sim is a machine that does not exist: hosts, processes, clocks and disks, in which one task runs at a time, in an order that a seed decides. It knows no lock.
//
// A [World] has machines, a [Machine] has processes, and a [Process] is an [fs.Host]: a program that is written against the seam of package fs runs in it unchanged. Every call that the
// program makes through the seam is a point at which another task may run instead; the [Strategy] of the world says which. The same seed gives the same run, call by call: see
// [World.Hash].
//
//	w := sim.New(sim.Config{Seed: 7, Strategy: new(sim.Random)})
//	m := w.NewMachine("web-1", sim.Clock{}, disk.New(disk.Options{}))
//	m.Start("a", func(p *sim.Process) { … lock.New("/k", lock.Host(p)) … })
//	err := w.Run()
//
// # Time
//
// The clock of a world stands still while a task computes, and runs when tasks make calls (each takes some microseconds) and when all of them wait. A task that can go on does so at the
// time at which it can, or later if the strategy prefers others; how much later is [Config.Slack].
//
// # What goes wrong
//
// Processes are killed, stopped and continued, machines suspended, their clocks stepped; the power goes, and what was not synced may be lost ([Machine.PowerLoss]). A [Fault] strikes in a
// given call, before its effect, or after it and before the caller knows.
//
// # Limits
//
// What a program does between two calls happens at once: a data race between its goroutines is no subject of this machine, but of the race detector. The program keeps the rules of package
// fs; one that holds a mutex across a call can hang the run. Nothing is told of values that the garbage collector finds dropped.
package sim
