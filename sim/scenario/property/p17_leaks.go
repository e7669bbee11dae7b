package property

// P17: whoever has closed its locks has no file open, no task running, no timer set and nothing to be told of.
const leaksSentence = "Whoever has closed its locks has no file open, no task running, no timer set and nothing to be told of."

type leaks struct{}

func (leaks) begin(*facts)         {}
func (leaks) event(*facts, *Event) {}

func (leaks) end(f *facts, t *Tables) {
	if !f.bounded() { // then somebody may still be about to end something
		return
	}
	for _, l := range t.Left {
		who := f.ProcessName(l.Process)
		switch {
		case len(l.Files) > 0:
			f.violate("P17", "%s has %d files open when it has closed its locks, such as %s", who, len(l.Files), l.Files[0])
		case len(l.Tasks) > 0:
			f.violate("P17", "%s has %d tasks left when it has closed its locks, such as %s", who, len(l.Tasks), l.Tasks[0])
		case l.Watched > 0:
			f.violate("P17", "%s has %d locks or holds left when it has closed its locks", who, l.Watched)
		}
	}
}
