package property

import "time"

// Patience is how long a call about a lock lasts at most that has nothing to wait for, if who can run does so within the slack.
func (s *Setup) Patience() time.Duration { return freeWithin + freeCalls*max(0, s.Slack) }
