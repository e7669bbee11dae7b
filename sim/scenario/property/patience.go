package property

import "time"

// Patience is how long a call about a lock lasts at most that has nothing to wait for, if who can run does so within the slack.
func (s *Setup) Patience() time.Duration { return s.in(freeWithin, freeCalls) }

// Settled is how long it takes at most until all is done that is to be done in a run, but for what its steps wait for, if who can run does so within the slack.
func (s *Setup) Settled() time.Duration { return s.in(settledWithin, s.Steps*answerCalls) }

// in returns a time within which somebody who needs n calls and d of waiting has to be through.
func (s *Setup) in(d time.Duration, n int) time.Duration {
	if s.Slack > 0 && time.Duration(n) > (Never-d)/s.Slack {
		return Never
	}
	return d + time.Duration(n)*max(0, s.Slack)
}
