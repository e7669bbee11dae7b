//go:build unix

package bench

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/bench/contend"
	"github.com/holdfast-lock/holdfast/fs/osfs"
)

// What a lock costs at least whose presence is a marker that names its holder, and that others poll for. A holder's death is not noticed.
const (
	markerPollName = "marker, polled every 50ms" // made and written, as Python's filelock does without its looks at the other's record
	markerLinkName = "marker by link, polled every 1ms"
)

const (
	markerPoll = 50 * time.Millisecond
	linkPoll   = time.Millisecond
)

var markers = contend.Subjects{
	{Name: markerPollName, Endures: true, Open: func(path string) (contend.Lock, error) { return bareMarker(path), nil }},
	{Name: markerLinkName, Endures: true, Open: func(path string) (contend.Lock, error) { return newLinkedMarker(path), nil }},
}

type bareMarker string

func (m bareMarker) Lock() error {
	for pause := rand.N(markerPoll); ; pause = markerPoll { // at first any part of it: who comes at any time looks at any time
		err := writeNew(string(m))
		if err != unix.EEXIST {
			return os.NewSyscallError("open", err)
		}
		time.Sleep(pause)
	}
}

func (m bareMarker) Unlock() error { return os.NewSyscallError("unlink", unix.Unlink(string(m))) }

// linkedMarker is never seen without its content.
type linkedMarker struct{ path, private string }

func newLinkedMarker(path string) linkedMarker {
	return linkedMarker{path, path + "." + strconv.FormatUint(rand.Uint64(), 36)}
}

func (m linkedMarker) Lock() error {
	if err := writeNew(m.private); err != nil {
		return os.NewSyscallError("open", err)
	}
	for {
		err := unix.Link(m.private, m.path)
		if err == nil {
			return os.NewSyscallError("unlink", unix.Unlink(m.private))
		}
		if err != unix.EEXIST {
			return os.NewSyscallError("link", err)
		}
		osfs.Default().Sleep(context.Background(), linkPoll) // where time.Sleep may take another millisecond
	}
}

func (m linkedMarker) Unlock() error { return os.NewSyscallError("unlink", unix.Unlink(m.path)) }

var markerRecord = []byte(strconv.Itoa(os.Getpid()) + "\nlocalhost\n")

// writeNew makes a file that is not there yet.
func writeNew(path string) error {
	for {
		fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		_, err = unix.Write(fd, markerRecord)
		unix.Close(fd)
		return err
	}
}
