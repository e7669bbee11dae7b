package scenario

import (
	"github.com/holdfast-lock/holdfast/fs"
	"github.com/holdfast-lock/holdfast/sim"
	"github.com/holdfast-lock/holdfast/sim/scenario/property"
)

// host is a process as the engine sees it, which tells the properties what the engine looks at and what it removes.
type host struct {
	*sim.Process
	r     *Runner
	index int
}

func (h *host) Lstat(name string) (fs.Info, error) {
	info, err := h.Process.Lstat(name)
	if n := h.r.pathNumber(name); n > 0 {
		if c := h.r.currentClient(); c != nil {
			h.r.told(property.Event{Kind: property.Looked, Process: int32(h.index + 1), Client: int32(c.index + 1), Path: n})
		}
	}
	return info, err
}

func (h *host) Remove(name string) error {
	err := h.Process.Remove(name)
	if n := h.r.pathNumber(name); n > 0 && err == nil {
		h.r.told(property.Event{Kind: property.Removed, Process: int32(h.index + 1), Path: n})
	}
	return err
}

func (r *Runner) pathNumber(name string) int32 {
	for i, p := range r.program.paths {
		if p == name {
			return int32(i + 1)
		}
	}
	return 0
}
