// Package python follows the lock protocols of Python's filelock, call by call and in any of their versions, so that a simulated world has peers that are not Holdfast. It is a stand-in for
// tests: it uses nothing of the engine, and nothing that is shipped uses it.
//
// A [Lock] is an object of one of four classes: UnixFileLock, SoftFileLock, SoftFileLease and StrictSoftFileLock. It makes the calls of the class in their order, takes what comes for what that version takes it for, and polls as
// that does, with no idea of anybody else's rights. What a version does is put together from what changed in the versions up to it, see [Version].
//
// What is left out: holds inside of holds, which make no calls; the fallback of a native lock to a soft one; hooks. Truncating a file as it is opened is a call of its own here, since [fs.Host] has no such flag.
package python
