// Package locktest is the suite with which a kind of lock proves, on the host that it is run on, that it keeps what package lock documents.
//
//	func TestNative(t *testing.T) {
//		locktest.Run(t, func(t *testing.T) locktest.Fixture {
//			return locktest.Fixture{Host: osfs.New(), Peer: osfs.New(), Dir: t.TempDir(), Collect: runtime.GC,
//				New: func(path string, opts ...lock.Option) (locktest.Locker, error) { return lock.New(path, opts...) }}
//		})
//	}
//
// Every wait of the suite goes through the host, so that it runs on a machine with a clock and a scheduler of its own as it does on the
// operating system. It measures no time.
package locktest
