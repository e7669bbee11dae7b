package campaign

import (
	"strings"

	"github.com/holdfast-lock/holdfast/sim/scenario"
)

// kinds tells findings apart that break one property in different ways. Which client it is, which file, how often and when, makes no difference.
type kinds struct{ names map[string]bool }

func kindsOf(s *scenario.Scenario) kinds {
	k := kinds{make(map[string]bool)}
	for _, p := range s.Processes {
		k.names[p.Name] = true
	}
	each(s, func(s *scenario.Step) { k.names[process(s.Client)] = true }) // that of a task has a number
	return k
}

// of returns what is left of a message without names, paths, numbers and times, and without a list of who waits for what. Of what a step was expected to come to, what it came to is left.
func (k kinds) of(property, message string) string {
	if property == "expectation" {
		message = message[strings.LastIndex(message, ": ")+1:]
	}
	if before, _, found := strings.Cut(message, "; "); found { // a list, of which the part before the colon says of what
		message, _, _ = strings.Cut(before, ": ")
	}
	var words []string
	for word := range strings.FieldsSeq(message) {
		bare := strings.Trim(word, `,.:;()"`)
		if len(bare) > 1 && !k.names[bare] && !strings.ContainsAny(bare, "/0123456789") { // processes are renamed to single letters
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}
