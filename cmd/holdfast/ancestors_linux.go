package main

import (
	"bytes"
	"fmt"
	"os"
)

// ancestors returns the processes that this one descends from, as far as they can be seen.
func ancestors() []int {
	var list []int
	for pid := os.Getppid(); pid > 0; pid = parentOf(pid) {
		list = append(list, pid)
	}
	return list
}

// parentOf returns the process that started pid, or 0. In /proc/PID/stat it is the second field after the name, which may contain anything.
func parentOf(pid int) (parent int) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	var state string
	if _, err := fmt.Sscan(string(b[bytes.LastIndexByte(b, ')')+1:]), &state, &parent); err != nil {
		return 0
	}
	return parent
}
