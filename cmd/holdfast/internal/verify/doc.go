// Package verify finds out whether locks exclude on a given filesystem, with processes that contend, are killed and are stopped.
//
// Every process records in shared memory, outside the directory under test, when it asked for the lock, had it and gave it up. What was recorded is judged after
// the run: two holds must never overlap, the history must be linearizable, fencing numbers must grow, and nobody may be left waiting.
package verify
