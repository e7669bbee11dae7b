package aferofs

import "syscall"

// errnoBusy: another process has the file open (ERROR_SHARING_VIOLATION).
var errnoBusy error = syscall.Errno(32)
