//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestExitCodes covers each way to end, and that what goes wrong is told in one line.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	must(t, os.WriteFile(filepath.Join(dir, "plain"), nil, 0o666))
	for name, script := range map[string]string{
		"script": "exit 0\n", "exits-3": "#!/bin/sh\nexit 3\n", "killed-by-9": "#!/bin/sh\nkill -9 $$\n", "killed-by-15": "#!/bin/sh\nkill $$\n",
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o777))
	}
	must(t, os.Mkdir(filepath.Join(dir, "directory"), 0o777))
	must(t, os.Symlink("plain", filepath.Join(dir, "link")))
	must(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o666))
	holdLock(t, dir, "held")
	for _, row := range []struct {
		args string
		code int
		says string
	}{
		{"run --kind native -w 1m -E 3 --poll 1ms --mode 660 --lifetime 1h --kill-after 0s --fencing l -- true", 0, ""},
		{"run l -- false", 1, ""},

		{"", 2, "say what to do"},
		{"walk l", 2, "unknown command"},
		{"run", 2, "name a LOCKFILE and, after --, a COMMAND"},
		{"run l true", 2, "put -- before the command"},
		{"run -- true", 2, "LOCKFILE is missing"},
		{"run l m -- true", 2, "one LOCKFILE"},
		{"run l --", 2, "COMMAND is missing"},
		{"run ~ -- true", 2, "LOCKFILE is empty"},
		{"run --timeout abc l -- true", 2, "such as 500ms"},
		{"run --timeout 5 l -- true", 2, "such as 500ms"},
		{"run --timeout -5s l -- true", 2, "must not be negative"},
		{"run --poll 0 l -- true", 2, "holdfast: --poll must be positive"},
		{"run --lifetime 0 l -- true", 2, "holdfast: --lifetime must be positive"},
		{"run --kill-after 1s l -- true", 2, "--kill-after needs --lifetime"},
		{"run --no-wait --timeout 1h held -- true", 2, "give either --no-wait or --timeout"},
		{"run -E 256 l -- true", 2, "--conflict-exit-code must be from 0 to 255"},
		{"run -E -1 l -- true", 2, "--conflict-exit-code must be from 0 to 255"},
		{"run -E x l -- true", 2, `"x" for --conflict-exit-code: write a whole number;`},
		{"run --no-wait=x l -- true", 2, "write true or false"},
		{"hold --poll 0 l", 2, "--poll must be positive"},
		{"run --kill-after -1s l -- true", 2, "must not be negative"},
		{"run --mode 9z l -- true", 2, "in octal"},
		{"run --mode 1777 l -- true", 2, "in octal"},
		{"run --mode 444 l -- true", 2, "owner's write bit"},
		{"run --kind flag l -- true", 2, "choose from native"},
		{"run --colour l -- true", 2, "unknown flag: --colour; see 'holdfast run --help'"},
		{"run --json nosuch/f l -- true", 2, "--json"},
		{"hold", 2, "name one LOCKFILE"},
		{"hold l m", 2, "name one LOCKFILE"},
		{"hold ~", 2, "LOCKFILE is empty"},
		{"verify --poll -1s .", 2, "--poll must be positive"},
		{"verify --lifetime 0 .", 2, "--lifetime must be positive"},
		{"verify --for x .", 2, `"x" for --for: write a time with its unit`},
		{"verify --seed -1 .", 2, "write a whole number, not negative"},
		{"bench --processes x", 2, `"x" for --processes: write whole numbers with commas between them;`},
		{"bench --kind soft,flag .", 2, "no lock kind \"flag\": choose from native"},
		{"bench nodir", 2, "holdfast: bench: stat nodir: no such file or directory: name a directory that exists"},
		{"bench plain", 2, "plain is not a directory"},
		{"status", 2, "name one LOCKFILE"},
		{"status ~", 2, "LOCKFILE is empty"},
		{"status --kind flag l", 2, "choose from native"},

		{"run --no-wait held -- true", 75, "(one attempt): try again later, or leave out --no-wait to wait"},
		{"run -n -E 0 held -- false", 0, ""},
		{"run -w 20ms -E 3 held -- true", 3, "wait longer with --timeout"},
		{"run --conflict-exit-code 0 l -- ./exits-3", 3, ""},
		{"hold -n -E 255 held", 255, "leave out --no-wait"},
		{"run --timeout 0s held -- true", 75, "(one attempt)"},
		{"run --timeout 20ms held -- true", 75, "wait longer with --timeout"},
		{"hold --timeout 20ms held", 75, "wait longer with --timeout"},

		{"run directory -- true", 76, "is a directory: name a file in it"},
		{"run link -- true", 76, "name the file that the link leads to"},
		{"run fifo -- true", 76, ": name a regular file"},
		{"run plain/l -- true", 76, "the path goes through a file"},
		{"run --kind no-locks l -- true", 76, "the nfs filesystem gives no file locks"},
		{"hold link", 76, "name the file that the link leads to"},
		{"status directory", 76, "is not a regular file: name a regular file"},
		{"status link", 76, "name the file that the link leads to"},
		{"status --kind unseen l", 76, "does not list its file locks"},

		{"run --kind other-settings l -- true", 78, "use the same flags as the other side"},
		{"run --json events l -- ./holdfast run l -- true", 79, "bound the wait with --timeout"},
		{"run l -- ./holdfast run --timeout 1ms l -- true", 75, "held by"},

		{"run l -- ./plain", 126, "may execute"},
		{"run l -- ./script", 126, "#! line"},
		{"run l -- ./directory", 126, "may execute"},
		{"run l -- ./nosuch", 127, "check its spelling"},
		{"run l -- no-such-program", 127, "check its spelling"},
		{"run l -- ~", 127, "COMMAND is empty"},
		{"run l -- ./exits-3", 3, ""},
		{"run l -- ./killed-by-9", 137, ""},
		{"run l -- ./killed-by-15", 143, ""},
	} {
		t.Run(row.args, func(t *testing.T) {
			args := strings.Fields(row.args)
			for i, a := range args {
				if a == "~" {
					args[i] = ""
				}
			}
			start(t, dir, args...).ends(row.code, row.says)
			// Whatever came of it, nobody is left inside.
			if _, code := status(t, dir, "l"); code != 0 {
				t.Errorf("status says %d afterwards", code)
			}
		})
	}
}

// openDir is a directory that every user may go to.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	must(t, os.Chmod(dir, 0o755))
	must(t, os.Symlink(testProgram, filepath.Join(dir, "holdfast")))
	return dir
}

func TestNoPermission(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	must(t, os.WriteFile(filepath.Join(dir, "closed"), nil, 0o000))
	must(t, os.Mkdir(filepath.Join(dir, "hidden"), 0o000))
	must(t, os.Chmod(dir, 0o555))
	t.Cleanup(func() { os.Chmod(dir, 0o755) }) // or it could not be removed
	for _, row := range []struct {
		args string
		code int
		says string
	}{
		{"run new -- true", 77, "allow this user to write"},
		{"run closed -- true", 77, "allow this user to write"},
		{"run hidden/l -- true", 77, "allow this user to write"},
		{"hold closed", 77, "allow this user to write"},
		{"status hidden/l", 77, "permission denied"},
		{"run --json new closed -- true", 77, "--json"},
		{"status closed", 0, ""}, // looking takes no permission to open it
	} {
		t.Run(row.args, func(t *testing.T) {
			cmd := prepare(t, dir, strings.Fields(row.args)...)
			if os.Getuid() == 0 { // who has every permission
				cmd.Path = "/proc/self/exe" // its directory may be closed to others
				cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
			}
			launch(t, cmd).ends(row.code, row.says)
		})
	}
}
