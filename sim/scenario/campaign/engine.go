package campaign

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-lock/holdfast/sim"
)

var engines = []string{sim.Coroutines: "coroutines", sim.Channels: "channels"}

// EngineNames returns the names that [ParseEngine] knows. The first one is the default.
func EngineNames() []string { return slices.Clone(engines) }

// ParseEngine returns the engine that a text names.
func ParseEngine(text string) (sim.Engine, error) {
	i := slices.Index(engines, text)
	if i < 0 {
		return 0, fmt.Errorf("no engine is named %q: write %s", text, strings.Join(engines, " or "))
	}
	return sim.Engine(i), nil
}
