#!/usr/bin/env python3
"""A reader of .frec files, written from docs/FORMAT.md alone: the proof that the document suffices.

    frec.py FILE            one JSON object a line: the header, then each chunk and each record, in the order of the file
    frec.py FILE --events   only the records

Status 1, and a last line with "problem", where the file is not whole or not good.
"""
import json
import struct
import sys


class Bad(Exception):
    pass


class Cursor:
    """Bytes from `start` to `end`, read field by field."""

    def __init__(self, data, start, end):
        self.data, self.at, self.end = data, start, end

    def take(self, count):
        if count > self.end - self.at:
            raise Bad(f"byte {self.at}: {count} bytes wanted, {self.end - self.at} left")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, count):
        return int.from_bytes(self.take(count), "little")

    def signed(self, count):
        return int.from_bytes(self.take(count), "little", signed=True)

    def text(self):
        return self.take(self.number(2)).decode("utf-8", "replace")

    def clock_pair(self):
        return {"ticks": self.number(8), "monotonic": self.number(8), "wall": self.signed(8), "width": self.number(8)}

    def prefix_varint(self):
        first = self.data[self.at] if self.at < self.end else None
        if first is None:
            raise Bad(f"byte {self.at}: a number wanted, nothing left")
        if first == 0:
            self.at += 1
            return self.number(8)
        count = (first & -first).bit_length()
        return self.number(count) >> count

    def long_text(self):
        word = self.number(2)
        return self.take(word & 0x7FFF), word >> 15 == 1


KINDS = {1: "instant", 2: "begin", 3: "end", 4: "counter", 5: "flowBegin", 6: "flowStep", 7: "flowEnd",
         8: "asyncBegin", 9: "asyncEnd"}
UNSIGNED, SIGNED, DOUBLE, FLOAT, BOOLEAN, POINTER, STATIC_STRING, STRING = range(1, 9)


def shape_of(fields):
    types = [field["type"] for field in fields]
    if not types:
        return "none"
    if STRING not in types and len(types) <= 3:
        return ["one", "two", "three"][len(types) - 1]
    if types == [STRING]:
        return "text"
    return "wide"


def value_of(word, kind, strings):
    if kind == SIGNED:
        return (word >> 1) ^ -(word & 1)
    if kind == DOUBLE:
        # Bits in hexadecimal: NaN is no JSON, and equal bits are equal values.
        return "bits:%016x" % int.from_bytes(word.to_bytes(8, "little"), "big")
    if kind == FLOAT:
        return "bits:%08x" % int.from_bytes((word & 0xFFFFFFFF).to_bytes(4, "little"), "big")
    if kind == BOOLEAN:
        return word != 0
    if kind == STATIC_STRING:
        return strings.get(word, f"[{word}]")
    return word


def records(data, start, end, header, schemas, strings):
    """The events and losses of a batch."""
    cursor = Cursor(data, start, end)
    time, index, generation = header["baseTime"], header["baseIndex"], header["generation"]
    is_first = True
    while cursor.at < end:
        digits, syncs, began = 0, 0, cursor.at
        while True:
            at = cursor.at
            record_id, delta = cursor.number(1), cursor.number(2)
            if record_id != 0:
                break
            syncs += 1
            if syncs > 3:
                raise Bad(f"byte {at}: more than three syncs")
            digits = digits << 16 | delta
        base, time = time, time + (digits << 16 | delta)
        if record_id == 254:
            kind = cursor.number(1)
            if kind == 1:
                generation, stated = cursor.number(8), cursor.number(8)
                if stated != time and not (is_first and stated == base):
                    raise Bad(f"byte {at}: a generation's time is {stated}, not {time}")
                time = stated
            elif kind == 2:
                count = cursor.number(8)
                yield {"lost": count, "time": time, "index": index, "generation": generation, "offset": at}
                index = (index + count) % (1 << 48)
            else:
                raise Bad(f"byte {at}: control kind {kind}")
            is_first = False
            continue
        is_first = False
        schema_id = record_id
        if record_id == 255:
            schema_id = cursor.number(2)
            if schema_id < 254:
                raise Bad(f"byte {at}: extended id {schema_id}")
        if schema_id not in schemas:
            raise Bad(f"byte {at}: unknown schema {schema_id}")
        schema = schemas[schema_id]
        yield {"id": schema_id, "name": schema["name"], "category": schema["category"], "kind": schema["kind"],
               "time": time, "index": index, "generation": generation, "offset": at,
               "args": arguments(cursor, schema["fields"], strings)}
        index = (index + 1) % (1 << 48)


def arguments(cursor, fields, strings):
    shape = shape_of(fields)
    if shape == "none":
        return []
    if shape == "one":
        words = [cursor.prefix_varint()]
    elif shape == "two":
        lengths = cursor.number(1)
        if lengths & 0x88:
            raise Bad(f"byte {cursor.at - 1}: lengths {lengths}")
        words = [cursor.number((lengths & 15) + 1), cursor.number((lengths >> 4) + 1)]
    elif shape == "three":
        lengths = cursor.number(1)
        words = [cursor.number((lengths & 7) + 1), cursor.number((lengths >> 3 & 7) + 1),
                 cursor.number(1 << (lengths >> 6))]
    elif shape == "text":
        length = cursor.number(1)
        if 251 <= length <= 254:
            raise Bad(f"byte {cursor.at - 1}: text length {length}")
        text, is_truncated = (cursor.take(length), False) if length <= 250 else cursor.long_text()
        return [{"text": text.decode("utf-8", "replace"), "truncated": is_truncated}]
    else:
        length = cursor.number(2)
        inner = Cursor(cursor.data, cursor.at, cursor.at + length)
        cursor.take(length)
        values = []
        for field in fields:
            if field["type"] == STRING:
                text, is_truncated = inner.long_text()
                values.append({"text": text.decode("utf-8", "replace"), "truncated": is_truncated})
            else:
                values.append(value_of(inner.prefix_varint(), field["type"], strings))
        return values
    return [value_of(word, field["type"], strings) for word, field in zip(words, fields)]


def batch_header(cursor):
    at = cursor.at
    if cursor.number(4) != 0x48435442:
        raise Bad(f"byte {at}: no batch header")
    header = {}
    for name, size in [("encoding", 2), ("timeShift", 1), ("flags", 1), ("ticket", 8), ("baseIndex", 8),
                       ("generation", 8), ("baseTime", 8), ("lane", 4), ("thread", 4), ("endIndex", 8),
                       ("byteCount", 4), ("schemaCount", 4)]:
        header[name] = cursor.number(size)
    header["baseIndex"] %= 1 << 48
    return header


def chunks(data):
    """The chunks as (kind, payload's start, payload's end), up to the end marker."""
    at = struct.unpack_from("<I", data, 12)[0]
    while True:
        if len(data) - at < 8:
            raise Bad(f"byte {at}: no end marker")
        kind, length = struct.unpack_from("<II", data, at)
        padded = (length + 7) & ~7
        if kind == 0:
            raise Bad(f"byte {at}: never written")
        if padded > len(data) - at - 8:
            raise Bad(f"byte {at}: the chunk is not whole")
        yield kind, at + 8, at + 8 + length
        at += 8 + padded
        if kind == 7:
            if at != len(data):
                raise Bad(f"byte {at}: bytes behind the end")
            return


def read(data, emit):
    if data[:8] != b"\x89FREC\r\n\x1a" or len(data) < 64:
        raise Bad("byte 0: not a native file")
    head = Cursor(data, 8, 64)
    major, minor, header_size = head.number(2), head.number(2), head.number(4)
    if major != 1:
        raise Bad(f"byte 8: version {major}.{minor}")
    if header_size < 64 or header_size % 8:
        raise Bad(f"byte 12: header of {header_size} bytes")
    emit({"what": "header", "minor": minor, "ticksPerSecond": head.number(8), "rateError": head.number(4),
          "timeShift": head.number(4), "start": head.clock_pair()})
    schemas, strings = {}, {}
    # Schemas and strings may stand behind the records that refer to them.
    problem = None
    try:
        for kind, start, end in chunks(data):
            cursor = Cursor(data, start, end)
            if kind == 1:
                for _ in range(cursor.number(4)):
                    schema_id, event_kind, field_count = cursor.number(2), cursor.number(1), cursor.number(1)
                    name, category = cursor.text(), cursor.text()
                    fields = [{"type": cursor.number(1), "name": cursor.text(), "unit": cursor.text()}
                              for _ in range(field_count)]
                    schema = {"name": name, "category": category, "kind": KINDS[event_kind], "fields": fields}
                    if schemas.setdefault(schema_id, schema) != schema:
                        raise Bad(f"byte {start}: schema {schema_id} differs")
            elif kind == 2:
                for _ in range(cursor.number(4)):
                    number = cursor.number(4)
                    text = cursor.text()
                    if strings.setdefault(number, text) != text:
                        raise Bad(f"byte {start}: string {number} differs")
    except Bad as bad:
        problem = bad
    batches = events = lost = 0
    try:
        for kind, start, end in chunks(data):
            cursor = Cursor(data, start, end)
            if kind == 3:
                for _ in range(cursor.number(4)):
                    emit({"what": "thread", "lane": cursor.number(4), "thread": cursor.number(4), "name": cursor.text()})
            elif kind == 5:
                header = batch_header(cursor)
                if header["byteCount"] != end - cursor.at:
                    raise Bad(f"byte {start}: the batch states {header['byteCount']} bytes")
                batches += 1
                emit({"what": "batch", **header})
                for record in records(data, cursor.at, end, header, schemas, strings):
                    emit({"what": "lost" if "lost" in record else "event", "lane": header["lane"],
                          "thread": header["thread"], **record})
            elif kind == 6:
                generation, pair = cursor.number(8), cursor.clock_pair()
                for _ in range(cursor.number(4)):
                    lane, flags, lane_events = cursor.number(4), cursor.number(4), cursor.number(8)
                    gaps = [[cursor.number(8), cursor.number(8)] for _ in range(cursor.number(4))]
                    events += lane_events
                    lost += sum(count for _, count in gaps)
                    emit({"what": "lane", "generation": generation, "lane": lane, "truncated": flags & 1 == 1,
                          "events": lane_events, "gaps": gaps})
                emit({"what": "endOfGeneration", "generation": generation, "clockPair": pair})
            elif kind == 7:
                for name, found in [("batches", batches), ("events", events), ("lost", lost)]:
                    stated = cursor.number(8)
                    if stated != found % (1 << 64):
                        raise Bad(f"byte {start}: {stated} {name} stated, {found} found")
            elif kind == 8:
                for _ in range(cursor.number(4)):
                    lane, thread, schema_id, flags = (cursor.number(4), cursor.number(4), cursor.number(2),
                                                      cursor.number(2))
                    emit({"what": "openSpan", "lane": lane, "thread": thread, "id": schema_id,
                          "acrossThreads": flags & 1 == 1, "depth": cursor.number(4), "start": cursor.number(8),
                          "number": cursor.number(8)})
            elif kind == 9:
                snapshot = {"what": "snapshot", "from": cursor.number(8), "to": cursor.number(8),
                            "bound": cursor.number(4), "process": cursor.number(4)}
                for name in ["minimumAge", "maximumBytes", "storeBytes", "generations", "generationCost", "snapshots",
                             "snapshotCost", "uncountedEvents", "unlistedSpans"]:
                    snapshot[name] = cursor.number(8)
                snapshot["processName"], snapshot["reason"] = cursor.text(), cursor.text()
                emit(snapshot)
    except Bad as bad:
        problem = problem or bad
    if problem:
        raise problem


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    only_events = "--events" in sys.argv[2:]

    def emit(line):
        if not only_events or line["what"] in ("event", "lost"):
            print(json.dumps(line, ensure_ascii=True))

    try:
        read(data, emit)
    except Bad as bad:
        print(json.dumps({"problem": str(bad)}))
        sys.exit(1)


if __name__ == "__main__":
    main()
