//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// caught are the signals that end a wait and a hold, and that a command gets to see. SIGTSTP is not among them: its default action stops
// this process like the command, when a terminal sends it to both, and leaves both alone where nobody could continue them.
var caught = []os.Signal{
	syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2,
	syscall.SIGWINCH, syscall.SIGCONT,
}

// ends reports whether a signal ends a program that does not handle it.
func ends(s os.Signal) bool { return s != syscall.SIGWINCH && s != syscall.SIGCONT }

// passOn gives a signal that this process got to the command.
//
// A terminal sends the signals of its keys to every process of its foreground group, the command included. One more would be taken by many
// programs as the demand to stop at once, without cleaning up. The kernel knows who sent a signal and Go does not tell, so it is assumed of these signals, while the terminal is this
// process's to use, that they come from its keys.
func passOn(p *os.Process, s os.Signal) {
	if (s == syscall.SIGINT || s == syscall.SIGQUIT) && inForeground() {
		return
	}
	p.Signal(s) // fails only if the command has ended
}

// inForeground reports whether this process is in the foreground group of its terminal.
func inForeground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return false // there is no terminal
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// askToEnd asks a process to end. One that was stopped could not hear it.
func askToEnd(p *os.Process) {
	p.Signal(syscall.SIGTERM)
	p.Signal(syscall.SIGCONT)
}

// catchSignals delivers the caught signals to the channel. Those that are ignored stay so, as for a program under nohup(1), and its commands inherit that.
func catchSignals() chan os.Signal {
	c := make(chan os.Signal, 64)
	for _, s := range caught {
		if !signal.Ignored(s) {
			signal.Notify(c, s)
		}
	}
	return c
}
