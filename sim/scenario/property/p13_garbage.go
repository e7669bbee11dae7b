package property

// P13: no file is left behind but the lock file and those beside it, unless somebody crashed in the middle or an operation failed.
const garbageSentence = "No file is left behind but the lock file and those beside it, unless somebody crashed in the middle or an operation failed."

// filesPerMess is what one crash can leave at most: the file to replace the lock file with, and the second name of the old one; or a fencing number that has not got its name.
const filesPerMess = 2

type garbage struct{}

func (garbage) begin(*facts)         {}
func (garbage) event(*facts, *Event) {}

func (garbage) end(f *facts, t *Tables) {
	frozen := 0
	for i := range f.processes {
		if f.processes[i].frozen {
			frozen++
		}
	}
	inside := 0
	for i := range f.paths {
		if p := &f.paths[i]; p.strict {
			inside += len(p.live)
		}
	}
	if allowed := filesPerMess * (f.messes + frozen + inside); len(t.Names) > allowed {
		f.violate("P13", "%d files are left, such as %s, of at most %d for the crashes and errors there were", len(t.Names), t.Names[0], allowed)
	}
}
