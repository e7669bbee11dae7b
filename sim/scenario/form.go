package scenario

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-lock/holdfast/sim"
)

// form is how the steps of a verb are written: the verb's words, then the arguments.
type form struct {
	verb Verb
	by   performer
	args []arg
	want []Outcome // that can come of it; nil: the verb has no result
}

// performer says whose a verb is.
type performer uint8

const (
	byClient   performer = 1 << iota // a task of a process
	byWorld                          // nobody
	byStranger                       // somebody of whom nothing is known
)

func performerOf(client string) performer {
	switch {
	case client == "":
		return byWorld
	case byNobody(client):
		return byStranger
	}
	return byClient
}

// arg is an argument of a step.
type arg struct {
	text  string                 // as the grammar has it
	parse func(l *line, s *Step) // reads it, if it is there
	print func(s *Step) string   // "" if it is not there
	means meaning                // what it is the name of
}

// nameArg is an argument that is a name of something.
func nameArg(text, what string, field func(*Step) *string, ok func(string) bool) arg {
	return arg{text, func(l *line, s *Step) { *field(s) = l.take(what, ok) }, func(s *Step) string { return *field(s) }, itself}
}

// after makes an argument optional: it is there if the keyword is.
func after(keyword string, a arg) arg {
	return arg{"[" + keyword + " " + a.text + "]", func(l *line, s *Step) {
		if l.accept(keyword) {
			a.parse(l, s)
		}
	}, func(s *Step) string {
		if text := a.print(s); text != "" {
			return keyword + " " + text
		}
		return ""
	}, itself}
}

// keywordArg is a keyword that says something by being there.
func keywordArg(keyword string, field func(*Step) *bool) arg {
	return arg{"[" + keyword + "]", func(l *line, s *Step) { *field(s) = l.accept(keyword) }, func(s *Step) string {
		if *field(s) {
			return keyword
		}
		return ""
	}, itself}
}

func textArg(text, what string, field func(*Step) *string) arg {
	return arg{text, func(l *line, s *Step) { *field(s) = l.take(what, nil) }, func(s *Step) string { return strconv.Quote(*field(s)) }, itself}
}

func pathArg(text string, field func(*Step) *string) arg {
	return arg{text, func(l *line, s *Step) {
		*field(s) = l.take("a path", func(w string) bool { return w != "" })
	}, func(s *Step) string { return quote(*field(s)) }, itself}
}

var (
	lockArg    = nameArg("LOCK", "the name of a lock", func(s *Step) *string { return &s.Lock }, isName).as(aLock)
	processArg = nameArg("PROCESS", "the name of a process", func(s *Step) *string { return &s.Who }, isName).as(aProcess)
	clientArg  = nameArg("CLIENT", "the name of a client, as in a or a.1", func(s *Step) *string { return &s.Who }, isClient).as(aClient)
	machineArg = nameArg("MACHINE", "the name of a machine", func(s *Step) *string { return &s.Who }, isName).as(aMachine)
	childArg   = nameArg("CHILD", "a name for the child", func(s *Step) *string { return &s.Who }, isName).as(aChild)
	holdArg    = nameArg("HOLD", "the name of a hold", func(s *Step) *string { return &s.Hold }, isName)
	secondArg  = nameArg("LOCK", "the name of another lock", func(s *Step) *string { return &s.Hold }, isName).as(aSecondLock)
	asArg      = after("as", holdArg).as(aHold)
	inArg      = after("in", nameArg("HOLD", "the name of a hold, or of a lock", func(s *Step) *string { return &s.In }, isName)).as(anOuterHold)
	byArg      = after("by", clientArg).as(aHolder)
	tryArg     = keywordArg("try", func(s *Step) *bool { return &s.Try })
	asyncArg   = keywordArg("&", func(s *Step) *bool { return &s.Async })
	fromArg    = pathArg("PATH", func(s *Step) *string { return &s.Path })
	toArg      = pathArg("PATH", func(s *Step) *string { return &s.To })
	contentArg = textArg("TEXT", "the content of the file", func(s *Step) *string { return &s.Text })
	targetArg  = pathArg("PATH", func(s *Step) *string { return &s.Text })
)

// ownHoldArg is the hold if it is not the client's own of the lock.
var ownHoldArg = arg{"[HOLD]", func(l *line, s *Step) {
	if w := l.peek(); w != "" && w != "->" && w != "&" {
		s.Hold = l.take("the name of a hold", isName)
	}
}, func(s *Step) string { return s.Hold }, aHold}

// boundArg is what ends a wait.
var boundArg = arg{"[timeout=DURATION | deadline=DURATION]", func(l *line, s *Step) {
	for _, key := range []string{"timeout", "deadline"} {
		if v, ok := strings.CutPrefix(l.peek(), key+"="); ok {
			s.For, ok = parseDuration(v, false)
			if !ok || s.For == 0 {
				l.expected(key + "=DURATION")
			}
			s.Deadline = key == "deadline"
			l.next++
			return
		}
	}
}, func(s *Step) string {
	switch {
	case s.For == 0:
		return ""
	case s.Deadline:
		return "deadline=" + printDuration(s.For)
	}
	return "timeout=" + printDuration(s.For)
}, itself}

var forArg = arg{"DURATION", func(l *line, s *Step) { s.For = l.duration("a duration", false) }, func(s *Step) string { return printDuration(s.For) }, itself}

// stepArg is by how much a clock is set forward or back.
var stepArg = arg{"+DURATION | -DURATION", func(l *line, s *Step) {
	l.take("+ or -, and a duration", func(w string) bool {
		d, ok := parseDuration(w, true)
		s.For = d
		return ok && (w[0] == '+' || w[0] == '-')
	})
}, func(s *Step) string {
	if s.For >= 0 {
		return "+" + printDuration(s.For)
	}
	return printDuration(s.For)
}, itself}

var modeArg = arg{"MODE", func(l *line, s *Step) {
	l.take("permission bits such as 0644", func(w string) bool {
		mode, ok := parseMode(w)
		s.Mode = mode
		return ok && mode <= 0o777
	})
}, func(s *Step) string { return printMode(s.Mode) }, itself}

// dirModeArg is the mode of a directory that is not everybody's.
var dirModeArg = arg{"[mode=MODE]", func(l *line, s *Step) {
	if v, ok := strings.CutPrefix(l.peek(), "mode="); ok {
		if s.Mode, ok = parseMode(v); !ok || s.Mode == 0 {
			l.expected("mode=MODE, such as mode=1777")
		}
		l.next++
	}
}, func(s *Step) string {
	if s.Mode == 0 {
		return ""
	}
	return "mode=" + printMode(s.Mode)
}, itself}

var countArg = arg{"NUMBER", func(l *line, s *Step) {
	l.take("a number", func(w string) bool {
		n, err := strconv.Atoi(w)
		s.Count = n
		return err == nil && n >= 0
	})
}, func(s *Step) string { return strconv.Itoa(s.Count) }, itself}

var opArg = after("in", arg{"CALL", func(l *line, s *Step) {
	l.take("a call such as waitlock", func(w string) bool {
		op, ok := sim.ParseOp(w)
		s.Op = op
		return ok && op != sim.OpAny
	})
}, func(s *Step) string {
	if s.Op == sim.OpAny {
		return ""
	}
	return s.Op.String()
}, itself})

var keepArg = arg{"[keep=none | keep=all]", func(l *line, s *Step) {
	if v, ok := strings.CutPrefix(l.peek(), "keep="); ok {
		i := slices.Index(keepNames[:], v)
		if i < 0 {
			l.expected("keep=none or keep=all")
			return
		}
		s.Keep = Keep(i)
		l.next++
	}
}, func(s *Step) string {
	if s.Keep == KeepRandom {
		return ""
	}
	return "keep=" + s.Keep.String()
}, itself}

var mountArg = arg{"ro | rw", func(l *line, s *Step) {
	s.Text = l.take("ro or rw", func(w string) bool { return w == "ro" || w == "rw" })
}, func(s *Step) string { return s.Text }, itself}

// What can come of the steps of a verb.
var (
	acquired = []Outcome{OK, Timeout, Canceled, Deadlock, Expired, Closed, Settings, Unsupported, Failed, Dead, Nothing}
	released = []Outcome{OK, Expired, NotHeld, Settings, Unsupported, Failed, Dead, Nothing}
	done     = []Outcome{OK, Failed, Dead}
)

// forms are the verbs' forms. What begins with the same words as another form stands before it.
var forms = []form{
	{VerbLock, byClient, []arg{lockArg, asArg, inArg, tryArg, boundArg, asyncArg}, acquired},
	{VerbUnlock, byClient, []arg{lockArg, ownHoldArg, asyncArg}, released},
	{VerbUnlockAll, byClient, []arg{lockArg, ownHoldArg, asyncArg}, released},
	{VerbWait, byClient, nil, append(slices.Clone(acquired), Busy, NotHeld, Changed)},
	{VerbSleep, byClient | byStranger, []arg{forArg}, nil},
	{VerbWork, byClient, []arg{forArg}, nil},
	{VerbVouch, byClient, []arg{lockArg, ownHoldArg, asyncArg}, []Outcome{OK, Expired, Dead, Nothing}},
	{VerbStatus, byClient, []arg{lockArg}, []Outcome{Free, Held, Unknown, Settings, Failed, Dead}},
	{VerbBreak, byClient, []arg{lockArg, asyncArg}, []Outcome{OK, Changed, NotHeld, Unsupported, Settings, Failed, Dead}},
	{VerbClean, byClient, []arg{fromArg, asyncArg}, done},
	{VerbOpen, byClient, []arg{lockArg}, []Outcome{OK, Settings, Failed, Dead}},
	{VerbClose, byClient, []arg{lockArg}, append(slices.Clone(done), Nothing)},
	{VerbExec, byClient, []arg{childArg}, nil},
	{VerbFork, byClient, []arg{childArg}, nil},
	{VerbWrite, byClient, []arg{fromArg, contentArg}, done},
	{VerbFlock, byClient, []arg{fromArg, tryArg, asyncArg}, append(slices.Clone(done), Busy)},
	{VerbFunlock, byClient, []arg{fromArg}, append(slices.Clone(done), Nothing)},

	{VerbKill, byWorld | byStranger, []arg{processArg}, nil},
	{VerbStop, byWorld | byStranger, []arg{processArg}, nil},
	{VerbContinue, byWorld | byStranger, []arg{processArg}, nil},
	{VerbStart, byWorld | byStranger, []arg{processArg}, nil},
	{VerbCancel, byWorld | byStranger, []arg{clientArg}, nil},
	{VerbSuspend, byWorld | byStranger, []arg{machineArg}, nil},
	{VerbResume, byWorld | byStranger, []arg{machineArg}, nil},
	{VerbPower, byWorld | byStranger, []arg{machineArg, keepArg}, nil},
	{VerbClock, byWorld | byStranger, []arg{machineArg, stepArg}, nil},
	{VerbAdvance, byWorld, []arg{forArg}, nil},

	{VerbRename, byStranger, []arg{fromArg, toArg}, nil},
	{VerbRemove, byStranger, []arg{fromArg}, nil},
	{VerbCreate, byStranger, []arg{fromArg, contentArg}, nil},
	{VerbLink, byStranger, []arg{fromArg, toArg}, nil},
	{VerbSymlink, byStranger, []arg{targetArg, fromArg}, nil},
	{VerbMkdir, byStranger, []arg{fromArg, dirModeArg}, nil},
	{VerbMkfifo, byStranger, []arg{fromArg}, nil},
	{VerbChmod, byStranger, []arg{modeArg, fromArg}, nil},
	{VerbRemount, byStranger, []arg{mountArg}, nil},

	{VerbAwaitStopped, byWorld | byStranger, []arg{processArg}, nil},
	{VerbAwaitDead, byWorld | byStranger, []arg{processArg}, nil},
	{VerbAwaitBlocked, byWorld | byStranger, []arg{clientArg, opArg}, nil},
	{VerbAwaitHeld, byWorld | byStranger, []arg{lockArg, byArg}, nil},

	{VerbCheckFree, byWorld, []arg{lockArg}, nil},
	{VerbCheckHeld, byWorld, []arg{lockArg, byArg}, nil},
	{VerbCheckExists, byWorld, []arg{fromArg}, nil},
	{VerbCheckMissing, byWorld, []arg{fromArg}, nil},
	{VerbCheckContent, byWorld, []arg{fromArg, contentArg}, nil},
	{VerbCheckMode, byWorld, []arg{modeArg, fromArg}, nil},
	{VerbCheckLeftovers, byWorld, []arg{countArg, fromArg}, nil},
	{VerbCheckSame, byWorld, []arg{lockArg, secondArg, processOfArg}, nil},
}

var processOfArg = arg{"in PROCESS", func(l *line, s *Step) {
	if !l.accept("in") {
		l.expected("in and the name of a process")
		return
	}
	processArg.parse(l, s)
}, func(s *Step) string { return "in " + s.Who }, aProcess}

// meaning is what a word of a step is the name of, if it does not stand for itself.
type meaning uint8

const (
	itself meaning = iota
	aLock
	aSecondLock
	aHold
	anOuterHold
	aProcess // or a child of one
	aChild
	aClient
	aHolder // a client, if there is one
	aMachine
)

// as returns the argument as the name of something.
func (a arg) as(m meaning) arg {
	a.means = m
	return a
}

// formOf returns the form of a verb.
func formOf(v Verb) *form {
	for i := range forms {
		if forms[i].verb == v {
			return &forms[i]
		}
	}
	return nil
}

// String returns the form as the grammar has it.
func (f *form) String() string {
	var words []string
	for _, a := range f.args {
		words = append(words, a.text)
	}
	return strings.Join(append([]string{f.verb.String()}, words...), " ")
}

// parseWant reads what is expected of a step, if anything.
func parseWant(l *line, f *form, w *Want) {
	if f.want == nil || !l.accept("->") {
		return
	}
	var outcomes []string
	for _, o := range f.want {
		outcomes = append(outcomes, o.String())
	}
	word := l.take("one of "+strings.Join(outcomes, ", "), func(s string) bool { return slices.Contains(outcomes, s) })
	if l.err != nil {
		return
	}
	w.Outcome = f.want[slices.Index(outcomes, word)]
	if w.Outcome == Failed {
		w.Text = l.take("part of the error's text, or the name of an error number", func(s string) bool { return s != "" })
	}
	parseOptions(l, w, wantOptions)
}

var wantOptions = []option[Want]{
	numberOption("token", func(w *Want) *uint64 { return &w.Token }),
	numberOption("depth", func(w *Want) *int { return &w.Depth }),
	durationOption("within", false, func(w *Want) *time.Duration { return &w.Within }),
	numberOption("calls", func(w *Want) *int { return &w.Calls }),
}

func (w *Want) print(b *strings.Builder) {
	if w.Outcome == Any {
		return
	}
	b.WriteString(" -> " + w.Outcome.String())
	if w.Outcome == Failed {
		b.WriteString(" " + quote(w.Text))
	}
	printOptions(b, w, wantOptions)
}

// parseStep reads a step.
func parseStep(l *line, s *Step) {
	client := l.peek()
	switch {
	case client == strangerName, isStrangerTask(client):
		s.Client = client
		l.next++
	case !slices.ContainsFunc(forms, func(f form) bool { return f.by&byWorld != 0 && firstWord(f.verb) == client }):
		s.Client = l.take("a step, such as: a lock k", isClient)
	}
	f := parseVerb(l, performerOf(s.Client))
	if f == nil {
		return
	}
	s.Verb = f.verb
	for _, a := range f.args {
		a.parse(l, s)
	}
	parseWant(l, f, &s.Want)
	l.end()
}

func isStrangerTask(s string) bool {
	task, ok := strings.CutPrefix(s, strangerName+".")
	return ok && isTask(task)
}

func firstWord(v Verb) string {
	first, _, _ := strings.Cut(v.String(), " ")
	return first
}

// parseVerb reads the verb's words.
func parseVerb(l *line, by performer) *form {
	first := l.peek()
	var words, seconds []string
	for i := range forms {
		f := &forms[i]
		if f.by&by == 0 {
			continue
		}
		word, second, two := strings.Cut(f.verb.String(), " ")
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
		if word != first {
			continue
		}
		if !two {
			l.next++
			return f
		}
		seconds = append(seconds, second)
		if l.next+1 < len(l.words) && l.words[l.next+1].text == second {
			l.next += 2
			return f
		}
	}
	if seconds != nil {
		l.next++
		words = seconds
	}
	l.expected("one of " + strings.Join(words, ", "))
	return nil
}

func (s *Step) print(b *strings.Builder) {
	if s.Client != "" {
		b.WriteString(s.Client + " ")
	}
	b.WriteString(s.Verb.String())
	if f := formOf(s.Verb); f != nil {
		for _, a := range f.args {
			if text := a.print(s); text != "" {
				b.WriteString(" " + text)
			}
		}
	}
	s.Want.print(b)
}

// String returns the step as it is written, without the steps of a block.
func (s *Step) String() string {
	var b strings.Builder
	s.print(&b)
	return b.String()
}
