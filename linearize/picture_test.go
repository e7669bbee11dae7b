package linearize

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-lock/holdfast/model"
)

// page is what the picture's page contains, as porcupine writes it.
type page struct {
	Partitions []struct {
		History []struct {
			ClientId    int
			Start, End  int
			Description string
			Metadata    string
		}
		PartialLinearizations [][]struct{ Index int }
	}
	Annotations []annotation
}

type annotation struct {
	ClientId                  int
	Tag, Description, Details string
}

func read(t *testing.T, html []byte) page {
	t.Helper()
	found := regexp.MustCompile(`(?m)\{"Partitions":.*\}`).Find(html)
	if found == nil {
		t.Fatalf("no data in %.2000s", html)
	}
	var p page
	if err := json.NewDecoder(bytes.NewReader(found)).Decode(&p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPicture(t *testing.T) {
	h := History{Operations: []Operation{
		acquired(p1, 1, 2, 1),
		failed(p2, 1, 4),
		acquired(p3, 2, Never, 0),
		acquired(p2, 5, 8, 2),
		released(p2, 13, Never),
	}}
	h.Killed(1, 10)
	h.Stopped(2, 9, 12)
	got := Check(h, plenty)
	if got.Verdict != NotLinearizable {
		t.Fatal(got.Verdict)
	}
	path := filepath.Join(t.TempDir(), "history.html")
	if err := got.WriteHTML(path); err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p := read(t, html)
	want := []annotation{
		{1, "", "p2 acquire, refused", "p2 acquire, refused (1ns to 4ns), which proves nothing"},
		{2, "", "p3 acquire, never returned", "p3 acquire, never returned (from 2ns), which proves nothing"},
		{0, "p1", "killed", "p1 was killed at 10ns"},
		{0, "p2", "stopped", "p2 was stopped from 9ns to 12ns"},
		{0, "evidence", got.Evidence, got.Evidence},
	}
	if !slices.Equal(p.Annotations, want) {
		t.Errorf("annotations %v, want %v", p.Annotations, want)
	}
	var calls []string
	for _, c := range p.Partitions[0].History {
		calls = append(calls, c.Description+": "+c.Metadata)
		if c.Start >= c.End {
			t.Errorf("%s is drawn from %d to %d", c.Description, c.Start, c.End)
		}
	}
	slices.Sort(calls)
	if want := []string{
		"p1 acquire, token 1: called 1ns, returned 2ns",
		"p1 end: between 10ns and the end",
		"p2 acquire, token 2: called 5ns, returned 8ns",
		"p2 release, never returned: called 13ns, returned the end",
	}; !slices.Equal(calls, want) {
		t.Errorf("calls %q, want %q", calls, want)
	}
}

// TestPictureOfALease shows that pictures do not depend on the kind, and what marks look like.
func TestPictureOfALease(t *testing.T) {
	h := History{Operations: []Operation{
		acquired(p1, 1, 2, 1),
		{Client: p1, Kind: model.Expire, Call: 20, Return: 20, Token: 1},
		acquired(p2, 5, 8, 2),
	}}
	h.Mark("disk", 3, 6, "no space left")
	h.Mark("p2", 7, 7, "clock + 5s")
	h.Mark("net", 9, Never, "cut")
	got := CheckAs[model.Lease](h, plenty)
	if got.Verdict != NotLinearizable {
		t.Fatal(got.Verdict)
	}
	var b bytes.Buffer
	if err := got.Visualize(&b); err != nil {
		t.Fatal(err)
	}
	p := read(t, b.Bytes())
	want := []annotation{
		{0, "disk", "no space left", "disk: no space left, from 3ns to 6ns"},
		{0, "p2", "clock + 5s", "p2: clock + 5s, at 7ns"},
		{0, "net", "cut", "net: cut, from 9ns to the end"},
		{0, "evidence", got.Evidence, got.Evidence},
	}
	if !slices.Equal(p.Annotations, want) {
		t.Errorf("annotations %v, want %v", p.Annotations, want)
	}
	if calls := len(p.Partitions[0].History); calls != 3 {
		t.Errorf("%d calls", calls)
	}
	if state := `"StateDescription":"p1 holds it, last token 1"`; !strings.Contains(b.String(), state) {
		t.Errorf("no %s in the page", state)
	}
}

// TestPictureOfALongHistory: the picture shows the calls around the place where the check stopped, or the beginning.
func TestPictureOfALongHistory(t *testing.T) {
	var holds []Hold
	for i := range 3000 {
		at := time.Duration(10 * i)
		holds = append(holds, Hold{Client: Client{Process: i % 5}, Requested: at + 1, Acquired: at + 2, Releasing: at + 5, Released: at + 6, Token: uint64(i + 1)})
	}
	holds = append(holds, Hold{Client: Client{Process: 9}, Requested: 2}, Hold{Client: Client{Process: 9}, Requested: 10000}, Hold{Client: Client{Process: 9}, Requested: 29000})
	draw := func(holds []Hold) (r Result, whole string, p page) {
		h := FromHolds(holds)
		h.Operations = append(h.Operations, refused(Client{Process: 6}, 0, 0)) // so that cuts are in the middle of holds
		h.Killed(7, 3)
		h.Killed(8, 29001)
		r = Check(h, plenty)
		var b bytes.Buffer
		if err := r.Visualize(&b); err != nil {
			t.Fatal(err)
		}
		return r, b.String(), read(t, b.Bytes())
	}

	got, whole, p := draw(holds)
	shown := len(p.Partitions[0].History)
	if got.Verdict != Linearizable || shown > sceneCalls || shown < sceneCalls/2 || !strings.Contains(whole, `"p0 acquire, token 1"`) {
		t.Errorf("%v, shows %d calls, the first one: %t", got.Verdict, shown, strings.Contains(whole, `"p0 acquire, token 1"`))
	}
	if order := p.Partitions[0].PartialLinearizations; len(order) != 1 || len(order[0]) != shown {
		t.Errorf("the order is not whole")
	}
	if tags := len(p.Annotations); tags != 2 || p.Annotations[1].Tag != "p7" {
		t.Errorf("annotations %v, want the attempt and the one that was killed", p.Annotations)
	}

	holds[2901].Token = 2900
	got, whole, p = draw(holds)
	shown = len(p.Partitions[0].History)
	if got.Verdict != NotLinearizable || shown > sceneCalls || !strings.Contains(whole, "p1 acquire, token 2900 (29.011µs to 29.012µs) has no place") {
		t.Errorf("%v, shows %d calls, evidence %s", got.Verdict, shown, got.Evidence)
	}
	if tags := len(p.Annotations); tags != 4 || p.Annotations[2].Tag != "p8" || p.Annotations[3].Tag != "evidence" {
		t.Errorf("annotations %v, want the attempt that ended, the one that did not, the one that was killed, and the evidence", p.Annotations)
	}
	longest := 0
	for _, partial := range p.Partitions[0].PartialLinearizations {
		longest = max(longest, len(partial))
	}
	if longest < shown/4 || longest == shown {
		t.Errorf("the picture shows an order of %d of %d calls", longest, shown)
	}
}

func TestNoPictureOfNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.html")
	if err := Check(History{}, plenty).WriteHTML(path); err == nil {
		t.Error("drew a picture of nothing")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("left a file")
	}
}
