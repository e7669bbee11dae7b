package worker

import "errors"

// Stop is errors.ErrUnsupported: there is no way to stop a process here.
func (w *Worker) Stop() error { return errors.ErrUnsupported }

// Continue is errors.ErrUnsupported.
func (w *Worker) Continue() error { return errors.ErrUnsupported }
