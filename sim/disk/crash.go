package disk

import "iter"

// CrashMode says what a power loss leaves of the operations that were not synced.
type CrashMode struct {
	choice choice
	p      float64
	subset int
}

type choice uint8

const (
	keepNone choice = iota
	keepAll
	keepRandom
	keepSubset
)

var (
	// None keeps nothing that was not synced.
	None = CrashMode{choice: keepNone}
	// All keeps everything.
	All = CrashMode{choice: keepAll}
)

// Random keeps each operation with the probability p. Of an operation that would be kept without one that it depends on, one draw for the whole disk decides whether both are
// lost or both kept.
func Random(p float64) CrashMode { return CrashMode{choice: keepRandom, p: p} }

// Subset keeps what the image with this number keeps among those of [Disk.Images].
func Subset(number int) CrashMode { return CrashMode{choice: keepSubset, subset: number} }

// Pending returns how many operations are not synced.
func (d *Disk) Pending() int { return len(d.pending) }

// Crash returns the disk as it is found after a power loss: without open files and locks, and with everything on it durable. The disk itself stays as it is. rand is drawn from
// for [Random] only. It panics on a [Subset] that there is not.
func (d *Disk) Crash(rand func() uint64, how CrashMode) *Disk {
	if d.options.Kind == Tmpfs {
		return New(d.options)
	}
	defer d.unmark()
	switch how.choice {
	case keepSubset:
		number := 0
		for range d.subsets() {
			if number == how.subset {
				return d.image()
			}
			number++
		}
		panic("disk: no image has the number of the subset")
	case keepRandom:
		d.keepSome(rand, how.p)
	default:
		for _, o := range d.pending {
			o.kept = how.choice == keepAll
		}
	}
	return d.image()
}

func (d *Disk) unmark() {
	for _, o := range d.pending {
		o.kept = false
	}
}

// keepSome chooses a set at random and closes it under the dependencies.
func (d *Disk) keepSome(rand func() uint64, p float64) {
	down := rand()&1 == 0
	for _, o := range d.pending {
		o.kept = float64(rand()>>11)/(1<<53) < p && (!down || o.possible())
	}
	for k := len(d.pending) - 1; k >= 0 && !down; k-- {
		if o := d.pending[k]; o.kept {
			for _, other := range o.deps {
				other.kept = true
			}
		}
	}
}

// possible reports whether all that the operation depends on is kept.
func (o *op) possible() bool {
	for _, other := range o.deps {
		if !other.done && !other.kept {
			return false
		}
	}
	return true
}

// Images returns every disk that a power loss can leave, numbered from 0, the one without anything unsynced first. There are up to 2 to the power of [Disk.Pending]. Some can be
// equal. The disk must not be used in between.
func (d *Disk) Images() iter.Seq2[int, *Disk] {
	return func(yield func(int, *Disk) bool) {
		if d.options.Kind == Tmpfs {
			yield(0, New(d.options))
			return
		}
		number := 0
		for range d.subsets() {
			if !yield(number, d.image()) {
				return
			}
			number++
		}
	}
}

// subsets marks in turn every set of operations that is closed under the dependencies as kept.
func (d *Disk) subsets() iter.Seq[struct{}] {
	return func(yield func(struct{}) bool) {
		defer d.unmark()
		var choose func(k int) bool
		choose = func(k int) bool {
			if k == len(d.pending) {
				return yield(struct{}{})
			}
			o := d.pending[k]
			o.kept = false
			if !choose(k + 1) {
				return false
			}
			o.kept = true
			return !o.possible() || choose(k+1)
		}
		choose(0)
	}
}
