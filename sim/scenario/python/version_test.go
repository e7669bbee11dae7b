package python

import (
	"testing"
	"time"
)

func TestVersions(t *testing.T) {
	for _, text := range []string{"3.9.0", "3.29.3", "3.32.3"} {
		if v, err := ParseVersion(text); err != nil || v.String() != text {
			t.Errorf("%s: %v %v", text, v, err)
		}
	}
	for _, text := range []string{"", "3", "3.29", "3.8.2", "3.32.4", "3.33.0", "4.0.0", "2.30.0", "3.029.1", "3.29.x", "3.29.1 ", "3.29.1.1", "3.29.-1"} {
		if v, err := ParseVersion(text); err == nil {
			t.Errorf("%q is read as %v", text, v)
		}
	}
	for _, row := range []struct {
		s  Settings
		ok bool
	}{
		{Settings{Class: Lease, Version: Version{29, 7}}, false},
		{Settings{Class: Lease, Version: Version{30, 0}}, true},
		{Settings{Class: Soft, Version: Version{23, 0}, Lifetime: time.Second}, false},
		{Settings{Class: Soft, Version: Version{24, 0}, Lifetime: time.Second}, true},
		{Settings{Class: Native, Version: Version{23, 0}, Lifetime: time.Second}, false},
		{Settings{Class: Strict, Version: Version{30, 9}}, false},
		{Settings{Class: Strict, Version: Version{31, 0}}, true},
		{Settings{Class: Strict, Version: Version{32, 3}, Lifetime: time.Second}, false},
	} {
		if err := row.s.Check(); (err == nil) != row.ok {
			t.Errorf("%+v: %v", row.s, err)
		}
	}
}
