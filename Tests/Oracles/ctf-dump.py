"""Prints what babeltrace2 reads of CTF traces, whose directories come line by line on standard input.

A trace begins with "file PATH" and ends with "streams COUNT" or "error MESSAGE"; between them its events, stream by stream:
"THREAD|NANOSECONDS|NAME|FIELDS", and for a loss "THREAD|BEGIN|lost|END|COUNT". Texts are escaped as in fxt-dump.py.
"""
import struct
import sys

import bt2

PLAIN = set(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._:/()-")


def escaped(text):
    return "".join(chr(b) if b in PLAIN else f"\\{b:02x}" for b in text.encode())


def value(of):
    if isinstance(of, bt2._StringFieldConst):
        # babeltrace2 2.0.4 may give an earlier event's text for an empty one; its length is right.
        return f"s{escaped(str(of))}" if len(of) else "s"
    if isinstance(of, bt2._SinglePrecisionRealFieldConst):
        return "f" + struct.pack(">f", float(of)).hex()
    if isinstance(of, bt2._RealFieldConst):
        return "d" + struct.pack(">d", float(of)).hex()
    return f"n{int(of)}"


def dump(path):
    lines, threads = {}, {}
    for message in bt2.TraceCollectionMessageIterator(path):
        if isinstance(message, bt2._PacketBeginningMessageConst):
            context = message.packet.context_field
            threads[message.packet.stream.id] = f"{escaped(str(context['thread_name']))}#{context['lane']}"
        elif isinstance(message, bt2._EventMessageConst):
            event = message.event
            payload = event.payload_field or {}
            fields = ",".join(f"{escaped(name)}={value(payload[name])}" for name in payload)
            time = message.default_clock_snapshot.ns_from_origin
            lines.setdefault(event.stream.id, []).append(f"{time}|{escaped(event.name)}|{fields}")
        elif isinstance(message, bt2._DiscardedEventsMessageConst):
            begin = message.beginning_default_clock_snapshot.ns_from_origin
            end = message.end_default_clock_snapshot.ns_from_origin
            lines.setdefault(message.stream.id, []).append(f"{begin}|lost|{end}|{message.count}")
    for stream in sorted(lines):
        for line in lines[stream]:
            print(f"{threads[stream]}|{line}")
    print("streams", len(threads))


for line in sys.stdin:
    print("file", line.rstrip("\n"))
    try:
        dump(line.rstrip("\n"))
    except Exception as error:
        print("error", " ".join(str(error).split()))
