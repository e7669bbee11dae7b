//go:build linux

package lock_test

import "testing"

// TestDescriptorsDoNotLeak: a process keeps one descriptor per lock file, however often the file is replaced, by itself and by others.
func TestDescriptorsDoNotLeak(t *testing.T) {
	t.Parallel()
	path := lockPath(t)
	peers := []*peer{
		startContender(t, "A", command{Path: path, Quiet: true}),
		startContender(t, "B", command{Path: path, Quiet: true}),
		startContender(t, "C", command{Path: path, Quiet: true, Lifetime: longLifetime}),
	}
	for _, p := range peers {
		p.send(command{Do: "churn", Target: 1000})
	}
	for _, p := range peers {
		before := p.expect("before").N
		if after := p.expect("churned").N; after > before {
			t.Errorf("%s has %d descriptors after its first acquisition and %d after 1000", p.name, before, after)
		}
	}
}
