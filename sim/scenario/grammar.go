package scenario

import (
	"strings"

	"github.com/holdfast-lock/holdfast/sim"
)

// Grammar returns every form that a line of a scenario can have, one a line. What is in brackets can be left out; words in capitals stand for values.
func Grammar() string {
	var b strings.Builder
	for _, h := range headers {
		b.WriteString(h.keyword + " " + h.form() + "\n")
	}
	for _, f := range forms {
		var who []string
		if f.by&byClient != 0 {
			who = append(who, "CLIENT")
		}
		if f.by&byStranger != 0 {
			who = append(who, "STRANGER")
		}
		subject := strings.Join(who, " | ") + " "
		switch {
		case f.by&byWorld != 0 && len(who) == 0:
			subject = ""
		case f.by&byWorld != 0:
			subject = "[" + strings.TrimSuffix(subject, " ") + "] "
		case len(who) > 1:
			subject = "(" + strings.TrimSuffix(subject, " ") + ") "
		}
		b.WriteString(subject + f.String())
		if f.want != nil {
			b.WriteString(" [-> " + wantGrammar(&f) + "]")
		}
		b.WriteString("\n")
	}
	b.WriteString(VerbConcurrently.String() + "\nend\n")
	b.WriteString("DETAILS =" + grammar(wantOptions) + "\n")
	return b.String()
}

// wantGrammar returns what can be expected of a step.
func wantGrammar(f *form) string {
	var outcomes []string
	for _, o := range f.want {
		word := o.String()
		if o == Failed {
			word += " TEXT"
		}
		outcomes = append(outcomes, word)
	}
	return "(" + strings.Join(outcomes, " | ") + ") DETAILS"
}

// CallNames returns the calls that faults and steps can name.
func CallNames() []string {
	var names []string
	for _, op := range sim.Ops() {
		names = append(names, op.String())
	}
	return names
}
