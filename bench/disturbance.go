package bench

import (
	"errors"
	"time"

	"github.com/holdfast-lock/holdfast/bench/contend"
)

// disturbedProcesses is the number of processes that contend while waiters are stopped and killed, or holders are killed.
const disturbedProcesses = 8

// Disturbance is for how long a lock was free, although somebody waited, right after another waiter was stopped or killed.
type Disturbance struct {
	Stopped contend.Quantiles `json:"stopped"`
	Killed  contend.Quantiles `json:"killed"`
}

const (
	disturbances  = 10
	disturbedTime = 100 * time.Millisecond // for which a waiter is stopped, and for which the lock is looked at
)

func (r *runner) planDisturbance() {
	for _, c := range r.contestants {
		r.plan("disturbed waiters: "+c.Name, func() error {
			d, err := r.disturb(c)
			if errors.Is(err, errors.ErrUnsupported) {
				return nil
			}
			r.report.Disturbance = append(r.report.Disturbance, Row[Disturbance]{c.Name, d})
			return err
		})
	}
}

func (r *runner) disturb(c contestant) (Disturbance, error) {
	f, err := r.begin(c, contend.Options{Processes: disturbedProcesses, Spares: disturbances, Hold: r.Hold})
	if err != nil {
		return Disturbance{}, err
	}
	r.pause(disturbedTime)
	for n := range 2 * disturbances {
		place := n % disturbedProcesses
		kill := n%2 == 1
		if kill && c.Endures || !r.untilWaiting(f, place) { // it may be inside when it is killed, and then nobody is any more
			continue
		}
		var resume func() error
		if !kill {
			resume, err = f.Stop(place)
		} else {
			resume, err = func() error { return f.Replace(place) }, f.Kill(place)
		}
		r.pause(disturbedTime)
		if err == nil {
			err = resume()
		}
		if err != nil {
			f.Abort()
			return Disturbance{}, err
		}
	}
	o, err := f.Finish(patience)
	var stopped, killed []time.Duration
	for _, fault := range o.Faults {
		free := o.FreeAfter(fault.Begin, fault.Begin+disturbedTime)
		if fault.What == contend.Stopped {
			stopped = append(stopped, free)
		} else {
			killed = append(killed, free)
		}
	}
	return Disturbance{contend.QuantilesOf(stopped), contend.QuantilesOf(killed)}, err
}

// untilWaiting returns once the process at a place waits for the lock, or false if it does not come to that.
func (r *runner) untilWaiting(f *contend.Fleet, place int) bool {
	for end := time.Now().Add(time.Second); time.Now().Before(end) && r.ctx.Err() == nil; time.Sleep(50 * time.Microsecond) {
		if i, ok := f.Last(place); ok && i.Acquired == 0 {
			return true
		}
	}
	return false
}
