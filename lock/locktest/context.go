package locktest

import (
	"context"
	"time"
)

// unbounded hides the deadline of a context, but not its end.
type unbounded struct{ context.Context }

func (unbounded) Deadline() (time.Time, bool) { return time.Time{}, false }

// unended has the values of one context and the end of another.
type unended struct {
	context.Context
	values context.Context
}

func (c unended) Value(key any) any {
	if v := c.values.Value(key); v != nil {
		return v
	}
	return c.Context.Value(key)
}
