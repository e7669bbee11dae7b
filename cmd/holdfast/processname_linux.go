package main

import (
	"fmt"
	"os"
	"strings"
)

// commandOf returns the short name of a process, "" if it is not known.
func commandOf(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(b), "\n")
}
