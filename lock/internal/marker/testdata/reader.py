"""Says what Python makes of markers, by its own str and numbers. One marker a line, in hexadecimal; one answer a line."""

import json
import math
import sys

SENTINEL = "1\nfilelock-strict-v1\0\n0\n"


def number(text):
    # The decimal spelling, as JSON's own numbers lose digits in other readers.
    return str(int(text))


def lines_of_protocol_1(lines):
    pid, host, *start = lines  # ValueError with fewer lines
    if len(start) > 1 or not 0 < int(pid) < 2**31:
        raise ValueError("lines")
    return {"kind": "soft", "pid": int(pid), "host": host, "start": number(start[0]) if start else ""}


def fields_of_protocol_2(lines):
    fields = {}
    for line in lines:
        at = line.index("=")  # ValueError without one
        fields[line[:at]] = line[at + 1 :]
    try:
        pid, host, mode = int(fields["pid"]), fields["host"], fields["mode"]
    except KeyError as error:
        raise ValueError("field") from error
    duration = float(fields.get("duration", "nan"))
    start = number(fields["start"]) if "start" in fields else ""
    lease = mode == "lease"
    if not 0 < pid < 2**31 or host == "":
        raise ValueError("holder")
    if lease and ("token" not in fields or not 0 < duration < math.inf):
        raise ValueError("lease")
    return {
        "kind": mode if mode in ("lease", "exclusive") else "unknown",
        "pid": pid,
        "host": host,
        "start": start,
        "token": fields.get("token", ""),
        "duration": duration.hex() if lease else "",
    }


def read(content):
    if content == b"":
        return {"kind": "empty"}
    if len(content) > 1024:
        return {"kind": "malformed"}
    try:
        text = content.decode("utf-8")
        if text == SENTINEL:
            return {"kind": "strict"}
        lines = text.strip().splitlines()
        if lines[:1] == ["filelock/2"]:
            return fields_of_protocol_2(lines[1:])
        return lines_of_protocol_1(lines)
    except ValueError:
        return {"kind": "malformed"}


for line in sys.stdin:
    print(json.dumps(read(bytes.fromhex(line))))
