// Package marker reads and writes what lies at the path of a soft lock: the record that names the holder. It does no I/O.
//
// The formats are those of Python's filelock, so that holders and contenders of both languages understand each other:
//
//	nothing                                     SoftFileLock up to 3.21; every version between creating the file and writing it
//	PID\nHOST\n                                 SoftFileLock 3.22 to 3.29; later ones where the start of a process is unknown
//	PID\nHOST\nSTART\n                          SoftFileLock 3.29 on Windows, 3.30 and later everywhere, 4.x too (protocol 1)
//	filelock/2\npid=PID\nhost=HOST\nmode=...    SoftFileLease and MarkerSoftFileLock 3.30 and later (protocol 2)
//	1\nfilelock-strict-v1\0\n0\n                StrictSoftFileLock 3.30 and later, see package claim
//
// Python on Windows ends lines with \r\n, except in the last of these. [Parse] takes for a record what the newest Python takes for one, however oddly
// spelt: whoever reads as malformed what the other side reads as a live holder evicts it.
package marker

// Kind is what was found.
type Kind uint8

const (
	// Malformed: no version writes this. [Record.Reason] says what is wrong. Whoever is writing a record may not be done.
	Malformed Kind = iota
	// Empty: no byte. The holder is of a version up to 3.21, or has created the file and not written it yet.
	Empty
	// Soft: a holder by protocol 1. Its claim ends with its process, not with time.
	Soft
	// Lease: a holder by protocol 2 that agreed to be superseded when it has not refreshed the file for Duration.
	Lease
	// Exclusive: a holder by protocol 2 (4.x) whose claim ends with its process, not with time.
	Exclusive
	// Unknown: a holder by protocol 2 in a mode that a later version may have. It agreed to nothing, so its claim does not end with time.
	Unknown
	// Strict: the path belongs to the strict lock, held or not, for good. No holder is named here.
	Strict
)

var kindNames = [...]string{"malformed", "empty", "soft", "lease", "exclusive", "unknown", "strict"}

// String returns the kind's name in lower case.
func (k Kind) String() string { return kindNames[k] }

// Record is what was found at the path. Records can be compared with ==.
type Record struct {
	Kind     Kind
	PID      int        // 1 to 2^31-1 for a holder; 0 if unknown
	Host     string     // as gethostname gave it to the holder; "" if unknown, which is no machine's name
	Start    StartToken // "" if unknown
	Token    string     // names the claim in protocol 2; "" if there is none
	Duration float64    // of a Lease, in seconds: finite and positive. Contenders compare it with that of [Seconds].
	// Cut: the last line has no end, so that there may be more of it, as in a record that is being written or was torn by a crash. What this line says is left
	// unknown; if it belongs to the contract (mode, token, duration) the Kind is Unknown. So a cut record says nothing that the whole one does not.
	Cut    bool
	Reason string // why it is Malformed, for people
}

// MaxSize is the most bytes that a record has. Readers ask for one more and hand that to [Parse] as well, which tells by it that there are too many.
const MaxSize = 1024

// Sentinel lies at the path of a strict lock for good. To contenders of protocol 1 it looks like a holder on a machine that does not exist.
const Sentinel = "1\nfilelock-strict-v1\x00\n0\n"

// protocol2 is the first line of the records that have named fields.
const protocol2 = "filelock/2"
