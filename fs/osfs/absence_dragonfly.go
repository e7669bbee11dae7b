package osfs

// absenceIsDeath: a jail hides the processes outside of it, so that one which cannot be found may exist.
const absenceIsDeath = false
