package sim

// Portfolio is another strategy for every seed: each kind is blind to some bug that another finds at once. Of ten runs four are [PCT] of depth 3 to 5, three [POS], two [Random], and one is [Sticky].
type Portfolio struct {
	Length int // as of [PCT]

	chosen Strategy
	pct    PCT
	pos    POS
	random Random
	sticky Sticky
}

// Begin implements [Strategy].
func (p *Portfolio) Begin(seed uint64) {
	s := source{^seed} // not the stream of the strategy that is chosen
	switch n := s.below(10); {
	case n < 4:
		p.pct.Depth, p.pct.Length = 3+s.below(3), p.Length
		p.chosen = &p.pct
	case n < 7:
		p.chosen = &p.pos
	case n < 9:
		p.chosen = &p.random
	default:
		p.sticky.Odds = 4 << s.below(3)
		p.chosen = &p.sticky
	}
	p.chosen.Begin(seed)
}

// Pick implements [Strategy].
func (p *Portfolio) Pick(enabled []*Task, current *Task) *Task {
	return p.chosen.Pick(enabled, current)
}

// Chosen returns the strategy of the present run.
func (p *Portfolio) Chosen() Strategy { return p.chosen }
