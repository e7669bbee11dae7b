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
		for number, m := range d.numbered(how.subset) {
			if number == how.subset {
				return m
			}
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
// equal. The disk must not be changed in between.
func (d *Disk) Images() iter.Seq2[int, *Disk] {
	if d.options.Kind == Tmpfs {
		return func(yield func(int, *Disk) bool) { yield(0, New(d.options)) }
	}
	return d.numbered(0)
}

// numbered returns the images from a number on.
func (d *Disk) numbered(from int) iter.Seq2[int, *Disk] {
	return func(yield func(int, *Disk) bool) {
		number := 0
		for set := range d.subsets() {
			if number >= from {
				for n, o := range d.pending {
					o.kept = set[n]
				}
				m := d.image()
				d.unmark()
				if !yield(number, m) {
					return
				}
			}
			number++
		}
	}
}

// subsets returns every set of operations that is closed under the dependencies.
func (d *Disk) subsets() iter.Seq[[]bool] {
	return func(yield func([]bool) bool) {
		for n, o := range d.pending {
			o.at = n
		}
		set := make([]bool, len(d.pending))
		possible := func(o *op) bool {
			for _, other := range o.deps {
				if !other.done && !set[other.at] {
					return false
				}
			}
			return true
		}
		var choose func(n int) bool
		choose = func(n int) bool {
			if n == len(set) {
				return yield(set)
			}
			set[n] = false
			if !choose(n + 1) {
				return false
			}
			set[n] = true
			return !possible(d.pending[n]) || choose(n+1)
		}
		choose(0)
	}
}
