package disk

// Ranges counts the pieces that the locks on byte ranges are kept in.
func (i *Inode) Ranges() int { return len(i.ranges) }

// Locked counts the inodes that are listed as having locks.
func (d *Disk) Locked() int { return len(d.locked) }

// Depends returns, for every unsynced operation, the numbers of those that it depends on.
func (d *Disk) Depends() [][]int {
	number := make(map[*op]int)
	list := make([][]int, len(d.pending))
	for n, o := range d.pending {
		number[o] = n
		for _, other := range o.deps {
			if !other.done {
				list[n] = append(list[n], number[other])
			}
		}
	}
	return list
}
