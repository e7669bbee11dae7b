package lock

import (
	"context"
	"fmt"

	"github.com/holdfast-lock/holdfast/fs"
)

// OnFile returns a lock on a file that the caller has open; [osfs.Host.FromFile] makes one from an *os.File. The lock neither opens, names nor closes the file, and does not compare it
// with its path: whoever can reach the same open file shares the lock, and the caller sees to it that the file stays where others look for it. Two
// Locks made from one open file do not exclude each other, since the lock belongs to the open file; share the Lock instead.
//
// A file that is open for writing only excludes like any other, and waiters on it are passed by: showing that one waits is a shared lock on a byte, which needs the right to read.
//
// [Mode], [Singleton] and [Fencing] are refused with [ErrOption].
func OnFile(f fs.File, opts ...Option) (*Lock, error) {
	o, err := newOptions(opts)
	if err == nil && (o.mode != nil || o.singleton || o.fencing) {
		err = errDescriptorOption
	}
	if err != nil {
		return nil, &Error{Op: "open", Path: f.Name(), Err: err}
	}
	volume, err := f.Volume()
	if err != nil {
		return nil, &Error{Op: "open", Path: f.Name(), Err: err}
	}
	d := &descriptor{host: o.host, file: f, courtesy: courtesy{host: o.host}}
	d.prepareFor(volume)
	return openUnshared(siteKey{o.host, "descriptor", f.Name()}, o, d), nil
}

var errDescriptorOption = fmt.Errorf("%w: Mode, Singleton and Fencing need a lock that is named by its path", ErrOption)

// descriptor is the native lock on a file that belongs to the caller.
type descriptor struct {
	host fs.Host
	file fs.File
	courtesy
}

func (d *descriptor) attempt(_ context.Context, _ *options, patient bool) (taken, error) {
	if patient && d.shouldStepBack(d.file) {
		return taken{}, nil
	}
	return d.try()
}

func (d *descriptor) try() (taken, error) {
	held, err := d.file.TryLock(fs.Whole, fs.LockExclusive)
	if held {
		d.holdBegins()
	}
	return taken{ok: held, file: d.file}, err
}

func (d *descriptor) wait(ctx context.Context, o *options) (taken, error) {
	d.raiseFlag(d.file)
	defer d.lowerFlag(d.file)
	stepped, err := d.stepBack(ctx)
	if err != nil {
		return taken{}, err
	}
	pause := newBackoff(d.host)
	for {
		if stepped || !d.canWait {
			t, err := d.try()
			d.steppedBack(stepped, t.ok)
			stepped = false
			if t.ok || err != nil {
				return t, err
			}
		}
		if d.canWait {
			held, err := d.file.WaitLock(ctx, fs.Whole, fs.LockExclusive)
			if held && err == nil {
				d.holdBegins()
			}
			if held || err != nil {
				return taken{ok: held, file: d.file}, err
			}
			continue
		}
		if err := d.host.Sleep(ctx, pause.next(o.pollInterval())); err != nil {
			return taken{}, err
		}
	}
}

func (d *descriptor) mayPass() bool { return d.mayKeep(d.file) }

func (d *descriptor) pass(context.Context, *options) (taken, error) {
	return taken{ok: true, file: d.file}, nil
}

func (d *descriptor) release() error {
	if err := d.file.Unlock(fs.Whole); err != nil {
		return err
	}
	d.holdEnds()
	return nil
}

func (d *descriptor) inspect() (Status, error) {
	info, err := d.file.Stat()
	if err != nil {
		return Status{}, err
	}
	return inspectID(d.host, d.file.Name(), info.ID)
}

func (d *descriptor) close() error { return nil }
