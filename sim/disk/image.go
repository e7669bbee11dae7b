package disk

import "slices"

// image returns the disk that has of the unsynced operations those that are marked as kept.
func (d *Disk) image() *Disk {
	d.trials++
	for _, o := range d.pending {
		if o.kept {
			o.apply(d, d.trials)
		}
	}
	m := newDisk(d.options)
	m.next = d.next
	if d.options.ReuseInodes {
		m.next = firstNumber
	}
	m.root = d.copyInto(m, d.root)
	m.root.parent = m.root
	return m
}

// copyInto makes the inode of an image, and what lies below it. A file with several names is made once.
func (d *Disk) copyInto(m *Disk, i *Inode) *Inode {
	if i.imageOf == d.trials {
		return i.image
	}
	from := &i.state
	switch {
	case d.graph && i.trialOf == d.trials:
		from = i.trial
	case d.graph:
		from = i.saved
	}
	c := &Inode{number: i.number, state: *from}
	c.modified = 0
	if c.isDir() {
		c.links = 1 // its "."
		if i == d.root {
			c.links = 2
		}
	}
	i.imageOf, i.image = d.trials, c
	m.next = max(m.next, i.number+1)
	if from.isDir() {
		c.entries = make([]entry, len(from.entries))
		for n, e := range from.entries {
			below := d.copyInto(m, e.inode)
			below.links++
			below.savedLinks++
			c.entries[n] = entry{e.name, below}
			if below.isDir() {
				below.parent = c
				c.links++ // its ".."
			}
		}
	} else {
		c.data = slices.Clone(from.data)
		c.trim()
		m.used += m.blocks(len(c.data))
	}
	if m.graph {
		c.saved = c.state.clone()
	}
	return c
}
