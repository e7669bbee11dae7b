package fstest

import (
	"os"
	"path/filepath"

	"github.com/holdfast-lock/holdfast/fs"
)

type canonicalises struct {
	fs.Host
	canonical func(h fs.Host, path string) (string, error)
}

func (h *canonicalises) Canonical(path string) (string, error) { return h.canonical(h.Host, path) }

func canonicalising(canonical func(h fs.Host, path string) (string, error)) func(fs.Host) fs.Host {
	return func(h fs.Host) fs.Host { return &canonicalises{h, canonical} }
}

var canonicalFaults = []fault{
	{"Canonical leaves a relative path relative", canonicalising(func(_ fs.Host, path string) (string, error) { return filepath.Clean(path), nil }),
		[]string{"CanonicalIsAbsolute"}},
	{"Canonical of a missing file is one below the directory of its name", canonicalising(func(h fs.Host, path string) (string, error) {
		canonical, err := h.Canonical(path)
		if _, missing := os.Lstat(path); missing != nil {
			canonical = filepath.Join(canonical, filepath.Base(path))
		}
		return canonical, err
	}), []string{"CanonicalIsCanonical", "CanonicalResolvesWhatExistsOfTheParent"}},
	{"Canonical returns an absolute path as it is", canonicalising(func(_ fs.Host, path string) (string, error) { return path, nil }),
		[]string{"CanonicalCleansTheSpelling"}},
	{"Canonical resolves no symbolic link", canonicalising(func(_ fs.Host, path string) (string, error) { return filepath.Abs(path) }),
		[]string{"CanonicalResolvesTheParent", "CanonicalResolvesWhatExistsOfTheParent", "CanonicalNamesTheSameFile", "CanonicalOfALoopFails"}},
	{"Canonical resolves the last element", canonicalising(func(h fs.Host, path string) (string, error) {
		if whole, err := filepath.EvalSymlinks(path); err == nil {
			return whole, nil
		}
		return h.Canonical(path)
	}), []string{"CanonicalKeepsTheLastElement"}},
	{"Canonical does not say what is wrong", canonicalising(func(h fs.Host, path string) (string, error) {
		canonical, err := h.Canonical(path)
		return canonical, lostCondition(err)
	}), []string{"CanonicalBelowAFileSaysSo"}},
	{"Canonical cleans before it resolves", canonicalising(func(h fs.Host, path string) (string, error) { return h.Canonical(filepath.Clean(path)) }),
		[]string{"CanonicalNamesTheSameFile"}},
}
