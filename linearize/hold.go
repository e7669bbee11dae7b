package linearize

import (
	"time"

	"github.com/holdfast-lock/holdfast/model"
)

// Hold is one acquisition as its client recorded it, step by step. A time of 0 says that the step did not happen, or was not recorded any more.
type Hold struct {
	Client    Client
	Requested time.Duration // before the lock was asked for
	Acquired  time.Duration // after it was
	Expired   time.Duration // when the holder's lifetime ended, if the hold has one: from then on the holder claims nothing
	Releasing time.Duration // before the release
	Released  time.Duration // after it succeeded
	Token     uint64        // fencing number, 0 if there is none
}

// FromHolds makes a history of hold records, in any order. A record without Acquired is an acquisition that failed, or never returned if its client did
// nothing after it, which proves nothing about the lock. One without Releasing is a hold that lasts: until the process is killed ([History.Killed]), or to
// the end. One without Released may have been released at any time since Releasing. A hold that expired before it was released ends at any time after
// that.
func FromHolds(holds []Hold) History {
	h := History{Operations: make([]Operation, 0, 2*len(holds))}
	for _, hold := range holds {
		acquire := Operation{Client: hold.Client, Kind: model.Acquire, Call: hold.Requested, Return: Never}
		if hold.Acquired != 0 {
			acquire.Return, acquire.OK, acquire.Token = hold.Acquired, true, hold.Token
		}
		h.Operations = append(h.Operations, acquire)
		switch {
		case hold.Acquired == 0:
		case hold.Expired != 0 && (hold.Releasing == 0 || hold.Expired <= hold.Releasing):
			// Whatever the release of an expired hold says, it is not what ends it.
			from := max(hold.Expired, hold.Requested)
			h.Operations = append(h.Operations, Operation{Client: hold.Client, Kind: model.End, Call: from, Return: Never})
		case hold.Releasing != 0:
			release := Operation{Client: hold.Client, Kind: model.Release, Call: hold.Releasing, Return: Never}
			if hold.Released != 0 {
				release.Return, release.OK = hold.Released, true
			}
			h.Operations = append(h.Operations, release)
		}
	}
	// A client that went on has an answer.
	order := h.inClientOrder()
	for i := 1; i < len(order); i++ {
		o, next := &h.Operations[order[i-1]], &h.Operations[order[i]]
		if o.Kind == model.Acquire && o.Return == Never && next.Client == o.Client {
			o.Return = next.Call
		}
	}
	return h
}
