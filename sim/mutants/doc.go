// Package mutants keeps lock engines that are broken on purpose: the real one with one step of its protocol weakened.
//
// They test the tester. A search for bugs that finds none says something only if it finds those that are known to be there, each within a number of schedules that is
// written down. What is weakened are the steps that look superfluous, and most of the mutants are bugs that a lock library has had.
//
// A mutant is a file in library/, in txtar format. Its comment begins with what is weakened and how that goes wrong, and ends with a paragraph of settings:
//
//	property: P1 P8
//	needs: lifetime stops
//	within: 400
//
// which says what must catch it (any of these properties, the one that is expected first; panic stands for a task that panics, linearizability for a history without an order), what has to go on in the world for it to show, see [Need], and within how many schedules it
// must be caught. The sections that follow come in pairs, "lock/native.go: old" and "lock/native.go: new": whole lines of a file of the module, which must
// be there exactly once, and the lines that take their place. So a mutant whose file was changed elsewhere still fits, and one whose step was changed is an error.
//
// The go command builds a mutant with -overlay, see [Mutant.Overlay]. No file of the module is changed and no switch is compiled into it.
package mutants
