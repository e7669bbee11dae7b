package campaign

import "testing"

// TestSensible: what makes somebody wait with any engine is nothing that a finding may be shrunk to.
func TestSensible(t *testing.T) {
	for _, row := range []struct {
		name, head, steps string
		want              bool
	}{
		{"released", "", "a lock k as h\na unlock k h\n", true},
		{"kept", "", "a lock k as h\n", false},
		{"kept under another name", "", "a lock k as h\na unlock k g\na lock k as g try\n", false},
		{"an attempt takes over the name", "", "a lock k as h\na lock k as h try\na unlock k h\n", false},
		{"an attempt, then a wait", "", "a lock k as h try\na unlock k h\na lock k as h\na unlock k h\n", true},
		{"refused once, asked twice", "fault a unlock * #1 before error EIO", "a lock k\na unlock k\na unlock k\n", true},
		{"refused to remove a marker", "lock s /data/s.lock kind=soft\nfault a remove * #1 before error EIO", "a lock s\na unlock s\n", false},
		{"refused once, asked once", "fault a unlock * #1 before error EIO", "a lock k\na unlock k\n", false},
		{"always refused", "fault a unlock * every before error EIO", "a lock k\na unlock k\na unlock k\na unlock k\n", false},
		{"waits for itself", "", "a lock k as h\na lock k as g\na unlock k g\na unlock k h\n", false},
		{"waits for itself through another lock", "lock k2 /data/k.lock", "a lock k\na lock k2\na unlock k2\na unlock k\n", false},
		{"asks from inside", "lock k2 /data/k.lock", "a lock k\na lock k2 in k\na unlock k2\na unlock k\n", true},
		{"asks from inside another one", "lock j /data/j.lock\nlock j2 /data/j.lock", "a lock k\na lock j\na lock j2 in k\na unlock j2\na unlock j\na unlock k\n", false},
		{"asks from inside of what is inside", "lock j /data/j.lock\nlock k2 /data/k.lock", "a lock k\na lock j in k\na lock k2 in j\na unlock k2\na unlock j\na unlock k\n", true},
		{"waits for itself for a while", "", "a lock k as h\na lock k as g timeout=1s\na unlock k g\na unlock k h\n", true},
		{"another task waits", "", "a lock k\na.1 lock k\na.1 unlock k\na unlock k\n", true},
		{"shared", "lock s /data/s.lock shared", "a lock s as h\na lock s as g\na unlock s g\na unlock s h\n", true},
	} {
		s := parsed(t, "lock k /data/k.lock\n"+row.head+"\n\n"+row.steps)
		if got := sensible(s); got != row.want {
			t.Errorf("%s: %t\n%s", row.name, got, s)
		}
	}
}

// TestKinds: findings are the same if they differ in who, where and when, and else not.
func TestKinds(t *testing.T) {
	k := kindsOf(parsed(t, "lock kilo /data/k.lock\n\nproducer lock kilo as hold-1\nproducer.1 lock kilo try\nproducer unlock kilo hold-1\n"))
	for _, row := range []struct {
		property, one, other string
		same                 bool
	}{
		{"P6", "producer waits for /data/k.lock, which nobody has had since 1.5ms", "b waits for /data/j.lock, which nobody has had since 3s", true},
		{"P6", "producer waits for /data/k.lock, which nobody has had since 1.5ms", "nothing is left that can run, but these wait: a in waitlock", false},
		{"P6", "nothing is left that can run, but these wait: a in waitlock; b in waitlock", "nothing is left that can run, but these wait: a in waitlock; b in wait; c in sleep", true},
		{"limit", "the run has not ended in its time; a is in a lock k since 5ms", "the run has not ended in its time; b is in b lock kilo since 9ms, and is stopped", true},
		{"P1", "a acquired /data/k.lock (hold 3) while producer.1 holds it (hold 1, since 2ms)", "producer acquired /data/k.lock (hold 2) while a holds it (hold 1, since 1s)", true},
		{"P16", "producer is told at 5s that it has lost /data/k.lock, which cannot have expired before 7s", "producer asked at 5s about its hold of /data/k.lock and is told that all is well, but it has expired at 4s at the latest", false},
		{"expectation", "producer vouch kilo -> ok: came to expired", "a vouch k -> ok: came to expired", true},
		{"expectation", "producer vouch kilo -> ok: came to expired", "a vouch k -> ok: came to canceled", false},
	} {
		one, other := k.of(row.property, row.one), k.of(row.property, row.other)
		if (one == other) != row.same || one == "" {
			t.Errorf("%q\n%q", one, other)
		}
	}
}
