package bench

import (
	"path/filepath"
	"testing"

	"github.com/holdfast-lock/holdfast/lock"
)

// What a lock costs that nobody else wants does not vary, so that this is no matter of timing.
func TestFreeLockCostsFewCalls(t *testing.T) {
	for _, row := range []struct {
		kind  string
		open  func(string, ...lock.Option) (*lock.Lock, error)
		least []string
		most  float64 // times as many
	}{
		{Native, lock.New, leastOfNative, 1.5},
		{"soft", lock.NewSoft, leastOfMarker, 2},
		{"lease", lock.NewLease, leastOfMarker, 2},
	} {
		c, err := countCalls(Kind{Name: row.kind, Open: func(path string, opts ...lock.Option) (lock.Locker, error) { return row.open(path, opts...) }}, filepath.Join(t.TempDir(), "lock"))
		if err != nil {
			t.Fatal(err)
		}
		if c.Least != len(row.least) || c.Each > row.most*float64(c.Least) {
			t.Errorf("%s: %v calls, want at most %v times %d: %v", row.kind, c.Each, row.most, len(row.least), c.By)
		}
		needed := make(map[string]float64)
		for _, name := range row.least {
			needed[name]++
		}
		for name, n := range needed {
			if c.By[name] < n {
				t.Errorf("%s: %v times %s, which cannot be avoided %v times: %v", row.kind, c.By[name], name, n, c.By)
			}
		}
	}
}
