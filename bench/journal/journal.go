// Package journal records when processes asked for a lock, had it and gave it up, in memory that they share and that outlives each of them.
//
// A record costs a few stores, so that recording disturbs what is recorded little; and what a process wrote before it was killed stays.
package journal

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// Now returns the time on the clock that all processes of the machine share, and by which everything is recorded.
func Now() time.Duration {
	t, err := osfs.Default().Uptime()
	if err != nil {
		panic(fmt.Sprintf("journal: this machine has no clock that processes share: %v", err))
	}
	return t
}

// Interval is one acquisition, as its process saw it. A time of zero says that the process did not get so far. The hold itself began between Requested and Acquired and ended
// between Releasing and Released, so that two exclusive holds whose intervals from Acquired to Releasing overlap did so in truth.
type Interval struct {
	Lane      int
	Requested time.Duration // before the lock was asked for
	Acquired  time.Duration // after it was had
	Releasing time.Duration // before it was given up
	Released  time.Duration // after it was given up
	Token     uint64        // the hold's fencing number, 0 without
}

// Journal is the memory, mapped into this process.
type Journal struct {
	memory  []byte
	header  *header
	mapping mapping
}

// header lies at the start of the memory. The lanes follow it.
type header struct {
	magic   uint64
	lanes   int64
	records int64 // per lane
	stopped atomic.Int64
}

const (
	magic      = 0x6c6e726a74736668
	headerSize = 4096 // a page of its own: everybody reads it all the time
)

// lane is the head of a lane. Its records follow it.
type lane struct {
	count atomic.Int64
	_     [laneHead - 8]byte
}

type record struct {
	requested, acquired, releasing, released atomic.Int64
	token                                    atomic.Uint64
}

const (
	laneHead   = 64
	recordSize = int64(unsafe.Sizeof(record{}))
)

func laneSize(records int64) int64 { return laneHead + records*recordSize }

var errForeign = errors.New("is no journal")

// Create makes a journal with room for the given number of acquisitions in each lane. Memory that is not written to is not used. Close frees it.
func Create(lanes, records int) (*Journal, error) {
	size := headerSize + int64(lanes)*laneSize(int64(records))
	m, memory, err := createMapping(size)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j := &Journal{memory: memory, header: (*header)(unsafe.Pointer(&memory[0])), mapping: m}
	j.header.magic, j.header.lanes, j.header.records = magic, int64(lanes), int64(records)
	return j, nil
}

// Open maps the journal that another process of this machine made, by what Name returned there.
func Open(name string) (*Journal, error) {
	m, memory, err := openMapping(name)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j := &Journal{memory: memory, mapping: m}
	if len(memory) >= headerSize {
		j.header = (*header)(unsafe.Pointer(&memory[0]))
	}
	if j.header == nil || j.header.magic != magic || int64(len(memory)) < headerSize+j.header.lanes*laneSize(j.header.records) {
		j.Close()
		return nil, fmt.Errorf("journal: %s: %w", name, errForeign)
	}
	return j, nil
}

// Name returns the name by which other processes open the journal, as long as it is not closed here.
func (j *Journal) Name() string { return j.mapping.name() }

// Close unmaps the memory.
func (j *Journal) Close() error { return j.mapping.close(j.memory) }

// Stop tells everybody that the run is over. The first call counts.
func (j *Journal) Stop() { j.header.stopped.CompareAndSwap(0, int64(Now())) }

// Stopped returns when Stop was called, 0 if it was not.
func (j *Journal) Stopped() time.Duration { return time.Duration(j.header.stopped.Load()) }

func (j *Journal) lane(i int) *lane {
	return (*lane)(unsafe.Pointer(&j.memory[headerSize+int64(i)*laneSize(j.header.records)]))
}

func (j *Journal) record(i int, n int64) *record {
	return (*record)(unsafe.Pointer(&j.memory[headerSize+int64(i)*laneSize(j.header.records)+laneHead+n*recordSize]))
}

// Lane returns the place where one task records what it does. A lane belongs to one task at a time; who takes a lane over continues it.
func (j *Journal) Lane(i int) *Lane { return &Lane{journal: j, index: i} }

// Lane is where one task records.
type Lane struct {
	journal *Journal
	index   int
	current *record
}

// Request begins a record and reports whether there was room for it.
func (l *Lane) Request() bool {
	head := l.journal.lane(l.index)
	n := head.count.Load()
	if n == l.journal.header.records {
		return false
	}
	l.current = l.journal.record(l.index, n)
	l.current.requested.Store(int64(Now()))
	head.count.Store(n + 1) // last, so that a reader sees no empty record
	return true
}

// Acquired records that the lock was had.
func (l *Lane) Acquired() { l.AcquiredAt(Now()) }

// AcquiredAt records since when the lock was certainly had.
func (l *Lane) AcquiredAt(t time.Duration) { l.current.acquired.Store(int64(t)) }

// Token records the fencing number of the hold. It is called before Acquired, so that no hold is seen without its number.
func (l *Lane) Token(n uint64) { l.current.token.Store(n) }

// Releasing records that the lock is about to be given up.
func (l *Lane) Releasing() { l.ReleasingAt(Now()) }

// ReleasingAt records until when the lock was certainly had.
func (l *Lane) ReleasingAt(t time.Duration) { l.current.releasing.Store(int64(t)) }

// Released records that the lock was given up.
func (l *Lane) Released() { l.current.released.Store(int64(Now())) }

// Last returns the latest interval of a lane, while its task may be at work on it; false if there is none yet.
func (j *Journal) Last(i int) (Interval, bool) {
	n := j.lane(i).count.Load()
	if n == 0 {
		return Interval{}, false
	}
	return j.interval(i, n-1), true
}

// Intervals returns everything that was recorded, lane by lane, each in the order of time.
func (j *Journal) Intervals() []Interval {
	var all []Interval
	for i := range int(j.header.lanes) {
		for n := range j.lane(i).count.Load() {
			all = append(all, j.interval(i, n))
		}
	}
	return all
}

func (j *Journal) interval(i int, n int64) Interval {
	r := j.record(i, n)
	at := func(t *atomic.Int64) time.Duration { return time.Duration(t.Load()) }
	return Interval{Lane: i, Requested: at(&r.requested), Acquired: at(&r.acquired), Releasing: at(&r.releasing), Released: at(&r.released), Token: r.token.Load()}
}
