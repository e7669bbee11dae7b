package model_test

import (
	"testing"

	"github.com/holdfast-lock/holdfast/model"
)

func TestKinds(t *testing.T) {
	names := make(map[string]bool)
	for k := model.Acquire; k.Valid(); k++ {
		names[k.String()] = true
	}
	if len(names) != 10 || names[""] {
		t.Errorf("names %v, want one for each kind", names)
	}
	for k, name := range map[model.Kind]string{0: "kind 0", model.ReleaseAll + 1: "kind 11"} {
		if k.Valid() || k.String() != name {
			t.Errorf("%v, want none, %s", k, name)
		}
	}
}
