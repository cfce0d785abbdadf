public import TraceCore
public import TraceFormats

/// All records of a file, in the order of the file, without anything that a timeline makes of them.
public struct RecordList {
    public struct Entry: Hashable, Sendable {
        public var lane: UInt32
        public var thread: UInt32
        public var time: UInt64
        public var generation: UInt64
        /// Nil for an event.
        public var lost: UInt64?
        public var schema: UInt16
        public var name: String
        public var category: String
        public var kind: EventKind
        public var arguments: [ArgumentValue]
    }

    public private(set) var entries: [Entry] = []
    /// Of each entry, its index in the lane.
    public private(set) var indices: [UInt64] = []
    public let index: TraceIndex

    public init(_ file: [UInt8]) throws {
        let bytes = file.span.bytes
        index = try TraceIndex(bytes)
        let context = TimelineContext(index)
        for batch in index.batches {
            var cursor = RecordCursor(batch)
            while let record = try cursor.next(in: bytes, index.shapes) {
                var entry = Entry(
                    lane: batch.header.lane, thread: batch.header.thread, time: record.time,
                    generation: record.generation, lost: record.lostCount, schema: record.schema, name: "",
                    category: "", kind: .instant, arguments: [])
                if let schema = index.schemas[record.schema] {
                    (entry.name, entry.category, entry.kind) = (schema.name, schema.category, schema.kind)
                    try context.forEachArgument(of: record, schema, in: bytes) { _, value in
                        entry.arguments.append(value)
                    }
                }
                entries.append(entry)
                indices.append(record.index)
            }
        }
    }

    /// The entries lane by lane, in the order of their times: what does not depend on the order of batches.
    public var byLane: [UInt32: [Entry]] {
        Dictionary(grouping: entries, by: \.lane).mapValues { lane in
            lane.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
        }
    }
}

extension FileVerifier {
    /// What is wrong with a file, all of it.
    public static func violations(_ file: [UInt8]) -> [FileVerifier.Violation] {
        let bytes = file.span.bytes
        do throws(NativeFileError) {
            var verifier = try FileVerifier(bytes)
            verifier.run(in: bytes)
            return verifier.violations
        } catch {
            return [.init(offset: error.offset, what: "\(error.reason)")]
        }
    }
}
