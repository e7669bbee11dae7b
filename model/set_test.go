package model_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/holdfast-lock/holdfast/model"
	"pgregory.net/rapid"
)

func TestSetAgreesWithAMap(t *testing.T) {
	client := rapid.Custom(func(t *rapid.T) model.Client {
		return model.Client(rapid.SampledFrom([]int{1, 2, 63, 64, 65, 66, 255, 256, 70_000, 1<<32 - 1}).Draw(t, "client"))
	})
	rapid.Check(t, func(t *rapid.T) {
		var set model.Set
		members := make(map[model.Client]bool)
		for range rapid.IntRange(0, 40).Draw(t, "changes") {
			c := client.Draw(t, "client")
			if rapid.Bool().Draw(t, "add") {
				set = set.With(c)
				members[c] = true
			} else {
				set = set.Without(c)
				delete(members, c)
			}
			asked := client.Draw(t, "asked")
			if set.Has(asked) != members[asked] || set.Empty() != (len(members) == 0) || set.Has(0) {
				t.Fatalf("has %d: %t; empty: %t; has 0: %t; it has %v", asked, set.Has(asked), set.Empty(), set.Has(0), members)
			}
			sorted := slices.Sorted(maps.Keys(members))
			if all := slices.Collect(set.All()); !slices.Equal(all, sorted) {
				t.Fatalf("%v, want %v", all, sorted)
			}
			var again model.Set
			for _, m := range rapid.Permutation(sorted).Draw(t, "order") {
				again = again.With(m)
			}
			if again != set {
				t.Fatalf("%v put together in another order is not the same", members)
			}
			for m := range set.All() { // stopping early is allowed
				if m == sorted[0] {
					break
				}
			}
		}
	})
}
