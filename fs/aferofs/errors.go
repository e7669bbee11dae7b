package aferofs

import (
	"errors"
	iofs "io/fs"
	"os"
	"syscall"

	"github.com/holdfast-lock/holdfast/fs"
)

// seamError gives an error of an Fs the shape and the conditions that the seam promises. Some Fs return bare errors, or name another path.
func seamError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	err = bare(err)
	switch {
	case errors.Is(err, syscall.ENOTDIR) && !isNotExist(err): // on Windows it is one number with a directory that is missing
		err = fs.Mark(err, fs.ErrNotDirectory)
	case errors.Is(err, syscall.EISDIR):
		err = fs.Mark(err, fs.ErrIsDirectory)
	case errors.Is(err, syscall.ENAMETOOLONG):
		err = fs.Mark(err, fs.ErrNameTooLong)
	case errnoBusy != nil && errors.Is(err, errnoBusy):
		err = fs.Mark(err, fs.ErrBusy)
	}
	return &iofs.PathError{Op: op, Path: path, Err: err}
}

var errNotDirectory = fs.Mark(syscall.ENOTDIR, fs.ErrNotDirectory)

// bare takes off what says which operation failed on which path.
func bare(err error) error {
	for {
		switch e := err.(type) {
		case *iofs.PathError:
			err = e.Err
		case *os.LinkError:
			err = e.Err
		case *os.SyscallError:
			err = e.Err
		default:
			return err
		}
	}
}

// unsupported is the answer to what afero has no words for.
func unsupported(op, path, why string) error {
	return &iofs.PathError{Op: op, Path: path, Err: fs.Mark(errors.New(why), fs.ErrUnsupported)}
}

func isNotExist(err error) bool { return errors.Is(err, iofs.ErrNotExist) }
