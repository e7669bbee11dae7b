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
		{"tries what it holds", "", "a lock k as h\na lock k as g try\na unlock k g\na unlock k h\n", true},
		{"does not wait for itself", "lock n /data/k.lock no-wait", "a lock k\na lock n\na unlock n\na unlock k\n", true},
		{"waits for itself for the timeout of the lock", "lock n /data/k.lock timeout=1s", "a lock k\na lock n\na unlock n\na unlock k\n", true},
		{"has another file", "lock j /data/j.lock", "a lock k\na lock j\na unlock j\na unlock k\n", true},
		{"asks from inside a hold with a name", "", "a lock k as h\na lock k as g in h\na unlock k g\na unlock k h\n", true},
		{"released by another task", "", "a lock k as h\na.1 unlock k h\n", true},
		{"all levels released", "", "a lock k as h\na unlock-all k h\n", true},
		{"refused in any call, asked once", "fault a * * #1 before error EIO", "a lock k\na unlock k\n", false},
		{"slow once, asked once", "fault a unlock * #1 before delay 1ms", "a lock k\na unlock k\n", true},
		{"refused in another call, asked once", "fault a open * #1 before error EIO", "a lock k\na unlock k\n", true},
		{"refused to remove what is no marker", "fault a remove * #1 before error EIO", "a lock k\na unlock k\n", true},
		{"refused to look at a marker", "lock s /data/s.lock kind=soft\nfault a lstat * #1 before error EIO", "a lock s\na unlock s\n", false},
		{"refused to look at a claim", "lock s /data/s.lock kind=strict\nfault a lstat * #1 before error EIO", "a lock s\na unlock s\n", true},
		{"refused to remove a claim", "lock s /data/s.lock kind=strict\nfault a remove * #1 before error EIO", "a lock s\na unlock s\n", false},
		{"refused to lock a lease", "lock s /data/s.lock kind=lease\nfault a trylock * #1 before error EIO", "a lock s\na unlock s\n", false},
		{"waits for itself through one that is shared", "lock s /data/k.lock shared", "a lock k\na lock s\na unlock s\na unlock k\n", false},
		{"shared", "lock s /data/s.lock shared", "a lock s as h\na lock s as g\na unlock s g\na unlock s h\n", true},
	} {
		s := parsed(t, "lock k /data/k.lock\n"+row.head+"\n\n"+row.steps)
		if got := sensible(s); got != row.want {
			t.Errorf("%s: %t\n%s", row.name, got, s)
		}
	}
}

// TestOnlyWhatWaitsMustBeSensible: what breaks another property, or is not sensible itself, may become whatever breaks it.
func TestOnlyWhatWaitsMustBeSensible(t *testing.T) {
	const k = "lock k /data/k.lock\n"
	fine, kept := parsed(t, k+"\na lock k\na unlock k\n"), parsed(t, k+"\na lock k\n")
	if !mustBeSensible(fine, "P6") || mustBeSensible(fine, "P1") || mustBeSensible(kept, "P6") {
		t.Error(mustBeSensible(fine, "P6"), mustBeSensible(fine, "P1"), mustBeSensible(kept, "P6"))
	}
	late := parsed(t, k+"limit 10ms\n\na lock k\na sleep 1s\n")
	var sh shrinker
	defer sh.runner.Close()
	sh.property, sh.kinds = "limit", kindsOf(late)
	sh.kind = sh.kinds.of("limit", "the run has not ended in its time")
	if !sh.fails(late) {
		t.Fatal("it ends in its time")
	}
	if sh.judged = true; sh.fails(late) {
		t.Error("a hold that is kept is taken for a finding of waiting")
	}
}

// TestKinds: findings are the same if they differ in who, where and when, and else not.
func TestKinds(t *testing.T) {
	k := kindsOf(parsed(t, "process idle user=1\nlock kilo /data/k.lock\n\nproducer lock kilo as hold-1\nproducer.1 lock kilo try\nproducer unlock kilo hold-1\n"))
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
		{"P6", "nothing is left that can run, but these wait: a in waitlock; b in waitlock", "nothing is left that can run, but these wait: a in wait; b in waitlock", true},
		{"P15", "producer, which has asked for /data/k.lock at 2s, gave up before its time", "b, which has asked for /data/j.lock at 3s, gave up before its time", true},
		{"P17", "idle has 1 files open when it has closed its locks, such as /data/k.lock", "producer has 2 files open when it has closed its locks, such as /data/j.lock", true},
		{"expectation", "producer vouch kilo -> ok: came to expired", "a unlock k -> ok: came to expired", true},
		{"expectation", "producer vouch kilo -> ok: came to expired", "a vouch k -> ok: came to canceled", false},
	} {
		one, other := k.of(row.property, row.one), k.of(row.property, row.other)
		if (one == other) != row.same || one == "" {
			t.Errorf("%q\n%q", one, other)
		}
	}
}
