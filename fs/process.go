package fs

// Process is what the host knows of this process and of others.
type Process interface {
	// PID returns the id of the calling process. It is asked each time, so that a copy of the process made by fork sees its own.
	PID() int
	// UID returns the user as whom the process works with files, 0 where there are none. It is asked each time, since a process can become another user.
	UID() uint32
	// Self returns the identity of this process.
	Self() Identity
	// Liveness judges whether the process with the given identity still runs. If its pid namespace is not known, that can only be told where every process of the machine is seen, in whatever
	// namespace: Dead means then that nowhere is there one with this number and this start.
	Liveness(Identity) Liveness
	// Local returns what this process keeps under key, which create makes when it is asked for the first time. It is for what other programs keep in package
	// variables, and goes with the process. Tasks that ask at once get the same value. It does not block and is no point at which another task
	// runs; neither is create, which uses no host.
	Local(key any, create func() any) any
}

// Identity tells one process from every other one, also after its number was used again.
type Identity struct {
	PID          int
	Host         string // the machine's name, as gethostname gives it
	Boot         string // differs for every start of the machine; "" if unknown
	Start        uint64 // a value fixed at the process's start; 0 if unknown. Only equality means something.
	PIDNamespace uint64 // processes of different namespaces number each other differently; 0 if unknown or not applicable
}

// Liveness is what can be said of another process.
type Liveness uint8

const (
	// Unknown: the process is on another machine, in another pid namespace, or the platform cannot say. Nothing may be concluded.
	Unknown Liveness = iota
	// Alive: a process with this identity runs, stopped ones included.
	Alive
	// Dead: it is proven that the process has ended: no process has the number, its start differs, or the machine has been started anew.
	Dead
)

// String returns "unknown", "alive" or "dead".
func (l Liveness) String() string {
	switch l {
	case Alive:
		return "alive"
	case Dead:
		return "dead"
	}
	return "unknown"
}
