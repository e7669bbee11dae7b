// Package fs is the seam between Holdfast's lock engine and the machine it runs on.
//
// [Host] is everything that the engine may ask of a machine: names and files, locks on open files, a clock, the process it
// runs in and the liveness of others, randomness, and tasks. Package lock is written against it alone, so that the operating
// system ([github.com/holdfast-lock/holdfast/fs/osfs]) and a simulated machine run identical code.
//
// # Rules for callers
//
// Every method of Host and of the values it returns, except [Process.Local], is a point at which another task may run. A caller therefore holds no
// sync.Mutex across such a call, waits for other tasks only through [Event], [Tasks.Sleep] and [File.WaitLock], starts tasks only
// through [Tasks.Go] and the AfterFunc methods, and derives contexts only through [Tasks.WithCancel] and [Tasks.WithTimeout].
//
// # Rules for implementations
//
// Where a platform or a filesystem cannot do an operation at all, the answer is an error that errors.Is reports as
// [ErrUnsupported], and nothing has happened. Errors of the operating system pass through unchanged inside the returned error, so that
// errors.Is with a syscall.Errno works; the portable conditions that the engine tells apart are the sentinels of this package.
// The suite in [github.com/holdfast-lock/holdfast/fs/fstest] states what every implementation must do.
//
// # Wrappers
//
// An implementation that adds to another one (tracing, fault injection) embeds the Host it wraps and overrides the methods that it
// changes. What is kept in [Process.Local] is then shared with the wrapped one; keys that name the Host keep the two apart.
package fs
