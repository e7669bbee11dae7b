package sim_test

import (
	"runtime"
	"testing"

	"github.com/holdfast-lock/holdfast/sim"
)

// TestCrewIsUsedAgain by worlds whose tasks end in every way, which changes nothing, and none of it is left.
func TestCrewIsUsedAgain(t *testing.T) {
	before := runtime.NumGoroutine()
	crew := new(sim.Crew)
	most := 0
	for seed := range uint64(100) {
		if got, want := summary(seed, turmoil(seed, sim.Config{Crew: crew})), summary(seed, turmoil(seed, sim.Config{})); got != want {
			t.Errorf("with a crew: %swithout: %s", got, want)
		}
		if seed < 50 {
			most = max(most, runtime.NumGoroutine())
		}
	}
	if n := runtime.NumGoroutine(); n > most+10 {
		t.Errorf("%d coroutines wait for a task, and after half of the worlds there were %d", n-before, most-before)
	}
	crew.Close()
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines are left", n-before)
	}
}
