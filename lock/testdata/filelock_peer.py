"""A process that takes part in the tests with Python's filelock. It obeys the commands and writes the reports of the Go contender, see process_contender_test.go."""

import json
import sys
import time

import filelock


def uptime():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def tell(what, **fields):
    print(json.dumps({"What": what, "At": uptime()} | fields), flush=True)


def acquire(lock, cmd):
    """Tries once, says that it waits, and waits."""
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as once:
        if cmd["Once"]:
            return tell("failed", Err=str(once), Is=["timeout"])
        tell("waiting")
        try:
            lock.acquire(timeout=cmd["Timeout"] / 1e9 or -1)
        except filelock.Timeout as late:
            return tell("failed", Err=str(late), Is=["timeout"])
    tell("acquired")


def work(lock, path, cmd):
    with open(path + ".counter", "r+b", buffering=0) as counter, open(path + ".journal", "ab", buffering=0) as journal:
        for _ in range(cmd["Quota"]):
            with lock.acquire(poll_interval=0.005):
                counter.seek(0)
                n = int(counter.read(20))
                journal.write(b"enter %s %d\n" % (cmd["Name"].encode(), n))
                counter.seek(0)
                counter.write(b"%020d" % (n + 1))
                journal.write(b"leave %s %d\n" % (cmd["Name"].encode(), n))
    tell("worked")


def main():
    tell("ready")
    for line in sys.stdin:
        cmd = json.loads(line)
        if cmd["Do"] == "open":
            path = cmd["Path"]
            lock = filelock.SoftFileLock(path) if cmd["Kind"] == "soft" else filelock.FileLock(path)
            tell("opened")
        elif cmd["Do"] == "acquire":
            acquire(lock, cmd)
        elif cmd["Do"] == "release":
            at = uptime()
            lock.release()
            tell("released", At=at)
        elif cmd["Do"] == "work":
            work(lock, path, cmd)


main()
