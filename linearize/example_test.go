package linearize_test

import (
	"fmt"
	"io"
	"time"

	"github.com/holdfast-lock/holdfast/linearize"
	"github.com/holdfast-lock/holdfast/model"
)

// Two processes recorded their holds. The first was killed while it held the lock, and the second got in before.
func Example() {
	ms := time.Millisecond
	first, second := linearize.Client{Process: 1}, linearize.Client{Process: 2}
	history := linearize.FromHolds([]linearize.Hold{
		{Client: first, Requested: 1 * ms, Acquired: 2 * ms, Token: 1},
		{Client: second, Requested: 1 * ms, Acquired: 7 * ms, Releasing: 20 * ms, Released: 21 * ms, Token: 2},
	})
	history.Killed(first.Process, 10*ms)

	result := linearize.Check(history, time.Second)
	fmt.Println(result.Verdict)
	fmt.Println(result.Evidence)
	_, total := linearize.Overlaps(history.Holds(), 10)
	fmt.Println(total, "overlap")
	// Output:
	// not linearizable
	// p1 held from 2ms to 10ms, and p2 from 7ms to 20ms: both for 3ms from 7ms
	// 1 overlap
}

// A history can also be recorded call by call.
func ExampleCheck() {
	var history linearize.History
	client := linearize.Client{Process: 1, Task: 2}
	history.Operations = append(history.Operations,
		linearize.Operation{Client: client, Kind: model.Acquire, Call: 1, Return: 2, OK: true, Token: 8},
		linearize.Operation{Client: client, Kind: model.Release, Call: 3, Return: 4, OK: true},
		linearize.Operation{Client: client, Kind: model.Acquire, Call: 5, Return: 6, OK: true, Token: 8},
	)
	result := linearize.Check(history, time.Second)
	fmt.Println(result.Verdict)
	fmt.Println(result.Evidence)
	// Output:
	// not linearizable
	// p1.2 acquire, token 8 (5ns to 6ns) has no place: its token is not above all tokens before it (free, last token 8)
}

// Any kind of lock is checked by the type of its state: here a reader was let in past a writer that had announced itself.
func ExampleCheckAs() {
	reader, writer, late := linearize.Client{Process: 1}, linearize.Client{Process: 2}, linearize.Client{Process: 3}
	history := linearize.History{Operations: []linearize.Operation{
		{Client: reader, Kind: model.AcquireRead, Call: 1, Return: 2, OK: true},
		{Client: writer, Kind: model.Announce, Call: 3, Return: 4, OK: true},
		{Client: late, Kind: model.AcquireRead, Call: 5, Return: 6, OK: true},
		{Client: reader, Kind: model.Release, Call: 7, Return: 8, OK: true},
		{Client: late, Kind: model.Release, Call: 9, Return: 10, OK: true},
		{Client: writer, Kind: model.Acquire, Call: 4, Return: 11, OK: true},
	}}
	result := linearize.CheckAs[model.RW](history, time.Second)
	fmt.Println(result.Verdict)
	fmt.Println(result.Evidence)
	// Output:
	// not linearizable
	// p3 acquire to read (5ns to 6ns) has no place: a writer has announced itself (p1 read, p2 announced)
}

// A history of several locks says which is which. Each is judged by itself.
func ExampleHistory_Of() {
	client := linearize.Client{Process: 1}
	history := linearize.History{Operations: []linearize.Operation{
		{Lock: "a", Client: client, Kind: model.Acquire, Call: 1, Return: 2, OK: true},
		{Lock: "b", Client: client, Kind: model.Acquire, Call: 3, Return: 4, OK: true},
		{Lock: "b", Client: client, Kind: model.Release, Call: 5, Return: 6, OK: true},
		{Lock: "b", Client: client, Kind: model.Release, Call: 7, Return: 8, OK: true},
	}}
	result := linearize.Check(history, time.Second)
	fmt.Println(result.Evidence)
	for _, name := range history.Locks() {
		one := history.Of(name)
		fmt.Println(name, one.Holds()[0].From, linearize.Check(one, time.Second).Verdict)
	}
	// Output:
	// lock b: p1 release (7ns to 8ns) has no place: the client does not hold the lock (free)
	// a 2ns linearizable
	// b 4ns not linearizable
}

// What a fault injector did is shown beside the calls.
func ExampleHistory_Mark() {
	history := linearize.History{Operations: []linearize.Operation{
		{Client: linearize.Client{Process: 1}, Kind: model.Acquire, Call: 1, Return: 9, OK: true},
	}}
	history.Mark("disk", 2, 6, "no space left")
	history.Mark("p1", 7, 7, "clock set back")
	result := linearize.Check(history, time.Second)
	err := result.Visualize(io.Discard) // or WriteHTML
	fmt.Println(result.Verdict, err)
	// Output:
	// linearizable <nil>
}
