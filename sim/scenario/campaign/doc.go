// Package campaign looks for schedules in which a lock does not do what it must.
//
// A [Profile] says what kind of world to look in, and [Generate] draws a scenario from it and a seed: who does what, and what goes wrong. Everything is drawn before the run begins,
// so that a schedule is a function of the scenario and the seed alone, and a part of it can be left out without changing the rest. [Explore] runs schedules on all cores,
// [Exhaust] runs every schedule of a small scenario up to a number of preemptions. What is found is shrunk ([Shrink]) to a scenario that a person can read, and written to a folder
// ([Write]).
//
// Campaigns outgrow one machine: the seeds are dealt out to shards, and [Merge] puts their [Report]s together.
package campaign
