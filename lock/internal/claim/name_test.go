package claim

import "testing"

func TestNames(t *testing.T) {
	const nonce = "fedcba9876543210fedcba9876543210"
	for name, want := range map[string]string{
		Name(Intent, token):                     "intent-v1-" + token + ".claim",
		Name(Held, token):                       "held-v1-" + token + ".claim",
		PrivateName(Name(Intent, token), nonce): ".intent-v1-" + token + ".claim.private-v1-" + nonce + ".tmp",
		PrivateName("work.lock", nonce):         ".work.lock.private-v1-" + nonce + ".tmp",
	} {
		if name != want {
			t.Errorf("%s, want %s", name, want)
		}
	}
	for _, state := range []State{Intent, Held} {
		name := Name(state, token)
		if gotState, gotToken, ok := ParseName(name); !ok || gotState != state || gotToken != token {
			t.Errorf("%s is %q, %q, %t", name, gotState, gotToken, ok)
		}
		if public, gotNonce, ok := ParsePrivateName(PrivateName(name, nonce)); !ok || public != name || gotNonce != nonce {
			t.Errorf("%s is that of %q, %q, %t", PrivateName(name, nonce), public, gotNonce, ok)
		}
	}
	twice := PrivateName(PrivateName("work.lock", token), nonce)
	if public, gotNonce, ok := ParsePrivateName(twice); !ok || public != PrivateName("work.lock", token) || gotNonce != nonce {
		t.Errorf("%s is that of %q, %q, %t", twice, public, gotNonce, ok)
	}
}

func TestOtherNamesAreNone(t *testing.T) {
	const digits = "0123456789abcdef0123456789abcde" // one is missing
	for _, name := range []string{
		"", "claim", ".claim", "intent-v1-" + token, "intent-v1-.claim", "intent-v2-" + token + ".claim", "Intent-v1-" + token + ".claim", "wait-v1-" + token + ".claim",
		"-v1-" + token + ".claim", token + ".claim", "intent-v1-" + digits + ".claim", "intent-v1-" + digits + "F.claim", "intent-v1-" + digits + "g.claim",
		"intent-v1-" + digits + "ff.claim", "held-v1-v1-" + token + ".claim", "held-v1-" + token + ".claim.claim", "held-v1-" + token + ".CLAIM", "held-v1-" + digits + "é.claim",
		".held-v1-" + token + ".claim", "held-v1-" + token + ".claim\n",
	} {
		if state, got, ok := ParseName(name); ok || state != "" || got != "" {
			t.Errorf("%q is %q, %q, %t", name, state, got, ok)
		}
	}
	for _, name := range []string{
		"", ".", ".tmp", "work.lock.private-v1-" + token + ".tmp", ".work.lock.private-v1-" + token, ".work.lock.private-v2-" + token + ".tmp", ".work.lock.private-v1-" + digits + ".tmp",
		".work.lock.private-v1-" + digits + "F.tmp", ".work.lock." + token + ".tmp", ".work.lock.private-v1-" + token + ".tmp~",
	} {
		if public, nonce, ok := ParsePrivateName(name); ok || public != "" || nonce != "" {
			t.Errorf("%q is that of %q, %q, %t", name, public, nonce, ok)
		}
	}
}
