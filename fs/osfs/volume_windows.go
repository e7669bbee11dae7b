package osfs

import (
	"strings"

	"golang.org/x/sys/windows"

	"github.com/holdfast-lock/holdfast/fs"
)

// Volume names the filesystem. The whole file and the range of its first byte are one lock, and a wait in the kernel cannot be ended.
func (f *file) Volume() (fs.Volume, error) {
	var name [windows.MAX_PATH + 1]uint16
	if err := windows.GetVolumeInformationByHandle(f.handle, nil, 0, nil, nil, nil, &name[0], uint32(len(name))); err != nil {
		return fs.Volume{}, pathError("volume", f.name, err)
	}
	return fs.Volume{Type: windows.UTF16ToString(name[:])}, nil
}

// MountOf returns the volume that path lies on.
func MountOf(path string) (Mount, error) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return Mount{}, pathError("volume", path, err)
	}
	var root [windows.MAX_LONG_PATH]uint16
	if err := windows.GetVolumePathName(p, &root[0], uint32(len(root))); err != nil {
		return Mount{}, pathError("volume", path, err)
	}
	var flags uint32
	var kind [windows.MAX_PATH + 1]uint16
	if err := windows.GetVolumeInformation(&root[0], nil, 0, nil, nil, &flags, &kind[0], uint32(len(kind))); err != nil {
		return Mount{}, pathError("volume", path, err)
	}
	options := []string{"rw"}
	if flags&windows.FILE_READ_ONLY_VOLUME != 0 {
		options[0] = "ro"
	}
	if drive, ok := drives[windows.GetDriveType(&root[0])]; ok {
		options = append(options, drive)
	}
	return Mount{Point: windows.UTF16ToString(root[:]), Type: windows.UTF16ToString(kind[:]), Options: strings.Join(options, ",")}, nil
}

var drives = map[uint32]string{
	windows.DRIVE_REMOVABLE: "removable",
	windows.DRIVE_FIXED:     "fixed",
	windows.DRIVE_REMOTE:    "remote",
	windows.DRIVE_CDROM:     "cdrom",
	windows.DRIVE_RAMDISK:   "ramdisk",
}
