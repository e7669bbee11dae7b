//go:build !unix

package aferofs

// There are no such flags.
const (
	openNoFollow  = 0
	openDirectory = 0
	openNonBlock  = 0
	openIgnored   = 0
)
