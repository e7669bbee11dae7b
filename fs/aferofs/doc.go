// Package aferofs joins the seam to spf13/afero, in both directions.
//
// [Host] puts the files of any afero.Fs in place of a host's own, for locks that need nothing but files: on memory in a test, or over SFTP.
// [FromHost] shows any host as an afero.Fs, so that an application written against afero runs on that host, beside the locks that protect it.
//
// # An afero.Fs as a host's files
//
// Afero knows names and contents. What it has no words for answers an error that is [fs.ErrUnsupported], and nothing has happened:
//
//   - Locks on open files. The error is [fs.ErrNoLocks] as well, so that a native lock fails with a lock.UnsupportedError that says what to do.
//   - Link, Watch and LockTable.
//   - What depends on symbolic links, on an Fs that does not tell them from their targets: Lstat, and Open with NoFollow. An Fs tells them if it
//     has the method LstatIfPossible and reports true (OsFs and what wraps it), or the method Lstat (sftpfs). Memory has none. For any other Fs
//     the caller can say [NoSymlinks].
//   - A relative path, unless it is known what it is relative to: the working directory on an Fs that shows the machine's files under their own names,
//     the root on MemMapFs and BasePathFs.
//   - Canonical of a path through a symbolic link that the Fs cannot read, or that leads out of the Fs, as it does from a BasePathFs.
//   - Chmod and SetTimes of an open file that has lost its name, unless it is a file of the machine or of memory. Afero changes these by name; an Fs
//     that gives no identities is believed if the file of that name has the size, the mode and the time of the open one.
//
// Paths are made clean before the Fs sees them. An identity is known of the machine's files on Unix and of files in memory; elsewhere it is zero. [fs.Info.Links] is
// known of the machine's files on Unix; elsewhere it is 1, also of a file that lost its name. Times of modification come from the Fs and not from the host's clock.
//
// # What excludes
//
// A lock made of files needs an operation with one winner. Among the hosts of one process that share an afero.Fs value, Host itself sees to it that Open with
// Exclusive, Mkdir and Rename are that, because MemMapFs for one is not. Between processes, and against code that uses the Fs directly, it is up to the Fs:
//
//   - OsFs, and BasePathFs over it: the operating system, so all of them have one winner.
//   - sftpfs: the server creates exclusively if it honours SSH_FXF_EXCL, as OpenSSH does. Its Rename does not replace an existing file but fails.
//   - CopyOnWriteFs: as its upper layer; what is only in the lower one cannot be renamed or removed.
//   - CacheOnReadFs: opens what it has just made a second time, so that Open with Exclusive always fails.
//   - gcsfs: looks and then writes. It has no winner, and nobody can tell from this side.
//   - ReadOnlyFs: every change is refused with io/fs.ErrPermission.
//
// An Fs that ignores O_EXCL is found out: the first file that is made exclusively is opened so once more, and if that succeeds it is removed and
// the answer is, from then on, fs.ErrUnsupported.
//
// # A host as an afero.Fs
//
// Errors have the shape of those of package os (os.PathError, os.LinkError), and os.IsNotExist and its like work on them. The limits are those of the seam:
//
//   - Chown, and modes beyond the permission bits, are errors.ErrUnsupported, as are flags of OpenFile that the seam does not know. Symbolic links cannot be
//     made or read.
//   - Stat of a symbolic link, Chmod and Chtimes open the file for reading, and fail where that is not allowed. OpenFile for writing opens for reading as well.
//   - O_APPEND finds the end and then writes. Appends through one Fs value do not overwrite each other; those of another process can be overwritten.
//   - O_TRUNC is an operation after the open, and O_SYNC one after each write.
//   - A directory is read by its name, at the first Readdir, and sorted. One that has lost its name since it was opened cannot be read: io/fs.ErrNotExist.
//   - Files have positions: pipes and devices cannot be read or written.
package aferofs
