package linearize_test

import (
	"fmt"
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
