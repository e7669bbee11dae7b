// Package scenario is a language for what happens around a lock: which processes on which machines acquire and release it, what goes wrong when, and what must hold. A [Scenario] is a
// value that can be written down as a file ([Scenario.String], [Parse]), drawn from a seed, made smaller, and run in the machine of package sim ([Run]).
//
// The language is described in docs/scenarios.md; library/ has a file for every way in which such locks are known to have gone wrong.
package scenario
