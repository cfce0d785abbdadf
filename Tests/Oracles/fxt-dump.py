"""Prints what the fxt package reads of Fuchsia traces, whose paths come line by line on standard input.

A file begins with "file PATH" and ends with "spans COUNT" or "error MESSAGE"; between them a line an event. Texts are escaped:
all bytes but letters, digits and a few signs as backslash and two hexadecimal digits.
"""
import struct
import sys

from fxt import models
from fxt.reader import parse_records
from fxt.transform import transform_records_to_spans
from fxt.types import KernelObjectType

KINDS = {
    models.InstantEventRecord: "instant",
    models.CounterEventRecord: "counter",
    models.DurationBeginEventRecord: "begin",
    models.DurationEndEventRecord: "end",
    models.AsyncBeginEventRecord: "asyncBegin",
    models.AsyncEndEventRecord: "asyncEnd",
    models.FlowBeginEventRecord: "flowBegin",
    models.FlowStepEventRecord: "flowStep",
    models.FlowEndEventRecord: "flowEnd",
}
PLAIN = set(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._:/()-")


def escaped(text):
    return "".join(chr(b) if b in PLAIN else f"\\{b:02x}" for b in text.encode())


def value(of):
    if isinstance(of, bool):
        return f"b{int(of)}"
    if isinstance(of, float):
        return "d" + struct.pack(">d", of).hex()
    return f"s{escaped(of)}" if isinstance(of, str) else f"n{of}"


def count(spans):
    return sum(1 + count(span.children) for span in spans)


def dump(path):
    with open(path, "rb") as file:
        result = parse_records(file)
    if result.had_unexpected_eof:
        raise ValueError(result.eof_error)
    (provider,) = result.records_by_provider.values()
    names = {}
    for record in provider.records:
        if isinstance(record, models.KernelObjectRecord):
            if (record.type, record.id) in names:
                raise ValueError(f"two objects {record.id}")
            names[record.type, record.id] = record.name
    for record in provider.records:
        if isinstance(record, models.KernelObjectRecord):
            continue
        args = ",".join(f"{escaped(name)}={value(of)}" for name, of in record.args.items())
        number = getattr(record, "correlation_id", "")
        print(
            record.timestamp_ns, KINDS[type(record)], escaped(names[KernelObjectType.PROCESS, record.thread.process_id]),
            escaped(names[KernelObjectType.THREAD, record.thread.thread_id]), escaped(record.category),
            escaped(record.name), args, number, sep="|")
    spans = transform_records_to_spans(provider.records)
    print("spans", sum(count(thread.spans) for process in spans.values() for thread in process.threads.values()))


for line in sys.stdin:
    print("file", line.rstrip("\n"))
    try:
        dump(line.rstrip("\n"))
    except Exception as error:
        print("error", repr(error))
