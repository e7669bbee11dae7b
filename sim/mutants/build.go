package mutants

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Build builds a command of the module at root, such as "./cmd/holdfast", on the engine of m, or on the real one if m is nil, and returns the program's path. It writes into dir, which is to be
// another one for each mutant. The go command's cache serves mutants as it does other code: what has not changed is not built again.
func Build(ctx context.Context, root, command string, m *Mutant, dir string) (string, error) {
	program, err := filepath.Abs(filepath.Join(dir, "program"))
	if err != nil {
		return "", err
	}
	args := []string{"build", "-o", program}
	name := "the engine"
	if m != nil {
		name = "mutant " + m.Name
		overlay, err := m.Overlay(root, dir)
		if err != nil {
			return "", err
		}
		args = append(args, "-overlay", overlay)
	}
	build := exec.CommandContext(ctx, "go", append(args, command)...)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s does not build: %w: %s", name, err, bytes.TrimSpace(out))
	}
	return program, nil
}
