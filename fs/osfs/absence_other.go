//go:build netbsd || openbsd

package osfs

// absenceIsDeath: kill(2) knows every process.
const absenceIsDeath = true
