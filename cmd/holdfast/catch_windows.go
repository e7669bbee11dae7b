package main

import (
	"os"
	"os/signal"
	"syscall"
)

// ends reports whether a signal ends a program that does not handle it.
func ends(os.Signal) bool { return true }

// passOn does nothing: the console tells every process that is attached to it, the command included.
func passOn(*os.Process, os.Signal) {}

// askToEnd ends a process: there is nothing to ask it with.
func askToEnd(p *os.Process) { p.Kill() }

// catchSignals delivers the events of the console to the channel.
func catchSignals() chan os.Signal {
	c := make(chan os.Signal, 64)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	return c
}
