"""Says what Python makes of claims. One claim a line, its token and its content in hexadecimal; one answer a line, null for one that is refused."""

import json
import re
import sys


def read(token, content):
    # Whatever decode, fromhex and int refuse is a ValueError.
    lines = content.decode("ascii").split("\n")
    magic, named, pid, host, start, end = lines
    name = bytes.fromhex(host).decode()
    sound = [
        (magic, end) == ("filelock-strict-v1", ""),
        named == token and re.fullmatch("[0-9a-f]{32}", token),
        str(int(pid)) == pid and 0 < int(pid) < 2**31,
        name.encode().hex() == host and name.isprintable() and not any(map(str.isspace, name)),
        start == "" or str(int(start)) == start and int(start) >= 0,
        len(content) <= 1024,
    ]
    if not all(sound):
        raise ValueError
    return {"pid": int(pid), "host": name, "start": start}


for line in sys.stdin:
    token, _, content = line.rstrip("\n").partition(" ")
    try:
        print(json.dumps(read(token, bytes.fromhex(content))))
    except ValueError:
        print("null")
