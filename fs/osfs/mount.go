package osfs

// Mount describes where a path is mounted, for people to read.
type Mount struct {
	Point   string
	Type    string
	Options string // of the mount and of the filesystem, separated by commas
}
