"""Prints the calls that a class of the installed filelock makes about a lock file: uncontended, then an attempt of somebody else, then the release."""
import fcntl
import errno
import os
import stat
import sys

version, kind, path = sys.argv[1:]
said = False
ours = set()


def say(*words):
    if said:
        print(*words)


def traced(name, call, about, result=None):
    def wrapper(*args, **kwargs):
        text = about(*args, **kwargs)
        try:
            value = call(*args, **kwargs)
        except OSError as e:
            if text:
                say(name, *text, errno.errorcode[e.errno])
            raise
        if text:
            say(name, *text)
            if result:
                result(value)
        return value

    return wrapper


def named(name, *_, **__):
    return ["name"] if os.fspath(name) == path else None


FLAGS = [("create", os.O_CREAT), ("excl", os.O_EXCL)]


def opened(name, flags, *_, **__):
    return ["name"] + [word for word, bit in FLAGS if flags & bit] if os.fspath(name) == path else None


def locked(fd, how):
    return ["exclusive"] if fd in ours and how & fcntl.LOCK_EX else ["free"] if fd in ours else None


real_open = os.open


def truncating_open(name, flags, *args, **kwargs):
    fd = traced("open", real_open, opened, ours.add)(name, flags, *args, **kwargs)
    if fd in ours and flags & os.O_TRUNC and not flags & os.O_EXCL:
        say("truncate")
    return fd


os.open = truncating_open
os.stat = traced("look", os.stat, lambda name, *a, **k: named(name) if not isinstance(name, int) else None)
os.lstat = traced("look", os.lstat, named)
os.close = traced("close", os.close, lambda fd: [] if fd not in ours else [""])
os.unlink = traced("remove", os.unlink, named)
os.remove = traced("remove", os.remove, named)
os.rename = traced("rename", os.rename, named)
fcntl.flock = traced("flock", fcntl.flock, locked)

import filelock  # noqa: E402, when everything that it may take is traced

if filelock.__version__ != version:
    sys.exit(f"version {filelock.__version__} is installed")
cls = {"": filelock.UnixFileLock, "soft": filelock.SoftFileLock}[kind]
said = True
lock = cls(path)
lock.acquire()
try:
    cls(path).acquire(blocking=False)
except filelock.Timeout:
    say("Timeout")
lock.release()
