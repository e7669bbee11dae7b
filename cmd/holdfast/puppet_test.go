//go:build linux

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

// puppetName is the first argument of the program that tests have run by the command. It says what happens to it and does what it is told, one line each.
const puppetName = "puppet"

func puppet(args []string) int {
	switch args[0] {
	case "obey": // handles every signal that there is to handle
		signals := make(chan os.Signal, 64)
		signal.Notify(signals)
		signal.Reset(syscall.SIGURG) // the runtime's own
		go func() {
			for s := range signals {
				if s != syscall.SIGCHLD && s != syscall.SIGPIPE {
					fmt.Println("got", s)
				}
			}
		}()
	case "meek": // ends by signals
	case "alone": // works on a file that nobody else may work on
		return workAlone(args[1])
	}
	fmt.Println("ready", os.Getpid())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var word string
		var n int
		fmt.Sscan(in.Text(), &word, &n)
		switch word {
		case "exit":
			return n
		case "environment":
			fmt.Println(os.Getenv(lockVariable), os.Getenv(tokenVariable))
		case "files":
			fmt.Println(strings.Join(openFiles(), " "))
		case "spawn": // leaves another one running, which takes over the standard files
			child := exec.Command(testProgram, puppetName, "meek")
			child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
			if err := child.Start(); err != nil {
				fmt.Println(err)
			}
			return 0
		case "hup?":
			fmt.Println("ignored", signal.Ignored(syscall.SIGHUP))
		}
	}
	return 0
}

// workAlone ends with 0 if nobody else was inside.
func workAlone(name string) int {
	inside, err := os.OpenFile(name+".inside", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	n := 0
	if b, err := os.ReadFile(name); err == nil {
		fmt.Sscan(string(b), &n)
	}
	for range 20 { // takes its time
		fmt.Fprintln(inside, n)
		inside.Sync()
	}
	inside.Close()
	if os.WriteFile(name, fmt.Append(nil, n+1), 0o666) != nil || os.Remove(name+".inside") != nil {
		return 1
	}
	return 0
}

// openFiles are the files that this process has open.
func openFiles() []string {
	var names []string
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(target, "/") {
			names = append(names, target)
		}
	}
	return names
}
