// Package disk is a local filesystem in memory: what Linux does with names, files and locks, and what a power failure leaves of it.
//
// # What it is
//
// [Disk] is a data structure. It starts no task, reads no clock and draws no random number: the time and who asks ([Cred]) are arguments, and randomness is a function that the
// caller gives. Whoever wants system calls that take time, fail or wait builds them around it. Every operation happens at once and whole. Nothing in a
// result depends on the order of a map, on a pointer or on the machine that it runs on.
//
// The model is a claim about Linux, and it is checked against it: the same random programs run on a Disk and on the real filesystem, and everything that
// can be observed must agree. An operation returns the error that Linux returns; errors.Is holds for its syscall.Errno and for the conditions of package fs.
//
// # Power failure
//
// With [Options.Durability] the disk remembers which changes are not durable. They are of six kinds: an inode is allocated; one block of a file is written; an inode's size, mode
// and time are set, which are one record; a directory gets a name; it loses one; a name is moved, which is one change even between two directories.
// A change depends on older ones, without which it makes no sense:
//
//   - what happens to an inode, on its allocation; what happens to a name, on the allocation of the directory;
//   - a change of a name, on the last change of the same name;
//   - the record of an inode, on the one before; a block, on what was written to it before, and on the truncation that cut it off;
//   - the removal of a directory, on all changes of names in it, so that it is empty;
//   - the move of a directory, on the last move of a directory, so that none ends up below itself;
//   - the allocation of an inode whose number was used before, on the removal of the one that had it.
//
// [File.Sync] of a file makes its inode, record and blocks durable, but not its name. Sync of a directory makes the names in it durable and the inodes they lead to, as empty as they were
// allocated. [Disk.Crash] keeps of the rest any set that contains all that its members depend on. So a file can have its size and not its content, which is
// zero there, or blocks of one write and not the others; a removed file can be back; the old and the new name of a hard link can both be there or
// one of them. Real filesystems promise more here and there (ext4 makes the name of a new file durable with its content); no program may count on it.
//
// # Limits
//
//   - There are no groups, no access control lists and no attributes other than those of [fs.Info]. The rights to change the attributes of an open file go by who opened it.
//   - The working directory is a path and not an inode: it does not move with a directory that is renamed.
//   - A file holds at most 64 MiB of content. Holes are kept in memory if content follows, and take room.
//   - There is no data in FIFOs, and no sockets and devices. Waiting, for a FIFO or for a lock, is for others; see [ErrWaits].
//   - Directories have a size of 4096 bytes. There are no limits on the number of inodes, of names in a directory and of links to a file.
//   - A medium that loses what was synced, or that changes it, is not modelled.
package disk
