package lock

import (
	"context"
	"errors"
)

// Do acquires l, calls f with the hold's context, and releases the hold when f returns or panics. Inside f, acquiring l with that context goes one level deeper. Do returns the
// error of f, joined with that of the release if there is one: [ErrExpired] says that the hold did not last as long as f.
func Do(ctx context.Context, l Locker, f func(ctx context.Context) error, opts ...Option) (err error) {
	h, err := l.Acquire(ctx, opts...)
	if err != nil {
		return err
	}
	defer func() {
		if releaseErr := h.Release(); releaseErr != nil {
			err = errors.Join(err, releaseErr)
		}
	}()
	return f(h.Context())
}
