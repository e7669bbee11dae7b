package osfs

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-lock/holdfast/fs"
)

// Watch uses inotify.
func (h *Host) Watch(path string) (fs.Watch, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, pathError("watch", path, err)
	}
	const changes = unix.IN_MODIFY | unix.IN_ATTRIB | unix.IN_CLOSE_WRITE | unix.IN_CLOSE_NOWRITE |
		unix.IN_MOVED_FROM | unix.IN_MOVED_TO | unix.IN_CREATE | unix.IN_DELETE | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF
	if _, err := unix.InotifyAddWatch(fd, path, changes|unix.IN_DONT_FOLLOW); err != nil {
		unix.Close(fd)
		return nil, pathError("watch", path, err)
	}
	return &watch{queue: os.NewFile(uintptr(fd), "inotify "+path)}, nil
}

type watch struct {
	queue *os.File // nonblocking, so that the runtime's poller waits
}

func (w *watch) Next(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { w.queue.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var events [64 * unix.SizeofInotifyEvent]byte // what does not fit stays queued
	for {
		// The end of an earlier context may set its deadline as late as now.
		w.queue.SetReadDeadline(time.Time{})
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if _, err := w.queue.Read(events[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
}

func (w *watch) Close() error { return w.queue.Close() }
