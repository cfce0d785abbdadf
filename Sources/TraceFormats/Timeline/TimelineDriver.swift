internal import TraceCore

/// The state of a timeline between two records: what is open, where each thread stands, how tasks are called.
struct TimelineDriver<Sink: TimelineSink & ~Copyable> {
    private let context: TimelineContext
    private let orphans: OrphanedSpans
    private var gaps: StatedGaps
    /// By place in the context's threads.
    private var threads: [TimelineThreadState]
    /// By number.
    private var asyncSpans: [UInt64: TimelineAsyncState] = [:]
    private var taskNames: [UInt64: String] = [:]

    /// Tasks whose names are kept: beyond, they go without, so that memory stays bounded.
    private static var taskLimit: Int { 1 << 20 }

    init(_ context: TimelineContext, _ orphans: OrphanedSpans) {
        self.context = context
        self.orphans = orphans
        gaps = StatedGaps(context.index.generations)
        threads = Array(repeating: TimelineThreadState(), count: context.threads.count)
    }

    /// Begins the spans that the file lists as open and whose begins are not in it.
    mutating func beginListed(into sink: inout Sink, in bytes: RawSpan) throws {
        let first = context.index.batches.lazy.map(\.header.baseTime).min() ?? .max
        for open in context.index.openSpans {
            guard let thread = context.thread(lane: open.lane, id: open.thread),
                let entry = context.entry(open.schema)
            else { continue }
            let time = context.time(units: open.start)
            let event = TimelineEvent(time: time, thread: thread, entry: entry, record: nil)
            if open.isAcrossThreads {
                // In the file, if it is, in any thread's batch.
                guard open.start < first else { continue }
                let span = TimelineAsyncSpan(number: open.number, task: 0, taskName: nil)
                asyncSpans[open.number] = TimelineAsyncState(entry: entry, span: span, thread: thread)
                try sink.asyncBegin(event, span, isCutOff: true, context, in: bytes)
            } else {
                guard orphans.firstTimes[thread].map({ open.start < $0 }) ?? true else { continue }
                threads[thread].stack.begin(open.schema)
                try sink.spanBegin(event, isCutOff: true, context, in: bytes)
            }
        }
    }

    mutating func take(_ record: Record, into sink: inout Sink, in bytes: RawSpan) throws {
        let thread = context.batchThreads[record.batch]
        let time = context.time(units: record.time)
        let isFollowing = threads[thread].follows(record, at: time)
        if !isFollowing || record.lostCount != nil { try tellLoss(before: record, time, thread, into: &sink) }
        guard record.lostCount == nil, let entry = context.entry(record.schema), let kind = context.kind(record.schema)
        else { return }
        if !isFollowing, let missing = orphans.missing[.init(thread: thread, index: record.index)] {
            try begin(missing, at: time, thread, into: &sink, in: bytes)
        }
        let event = TimelineEvent(time: time, thread: thread, entry: entry, record: record)
        switch kind {
        case .begin:
            threads[thread].stack.begin(record.schema)
            try sink.spanBegin(event, isCutOff: false, context, in: bytes)
        case .end: try end(event, into: &sink, in: bytes)
        case .asyncBegin: try asyncBegin(event, record, into: &sink, in: bytes)
        case .asyncEnd: try asyncEnd(event, record, into: &sink, in: bytes)
        case .counter: try sink.counter(event, context, in: bytes)
        case .flowBegin, .flowStep, .flowEnd:
            try sink.flow(event, number: context.firstWord(of: record, in: bytes), context, in: bytes)
        case .instant:
            if entry.namesTasks { try noteTask(event, record, in: bytes) }
            try sink.instant(event, context, in: bytes)
        }
    }

    /// Ends what is still open, and tells what was lost behind the last record of a thread.
    mutating func finish(into sink: inout Sink, in bytes: RawSpan) throws {
        for thread in threads.indices {
            try close(threads[thread].stack.open.count, at: context.end, thread, into: &sink, in: bytes)
        }
        for state in asyncSpans.values.sorted(by: { $0.span.number < $1.span.number }) {
            let event = TimelineEvent(time: context.end, thread: state.thread, entry: state.entry, record: nil)
            try sink.asyncEnd(event, state.span, isUnfinished: true, context, in: bytes)
        }
        for lane in context.index.generations.last?.lanes ?? [] {
            guard let thread = context.threads.lastIndex(where: { $0.lane == lane.lane }),
                let next = threads[thread].next, case let count = gaps.lostAtEnd(lane, from: next), count > 0
            else { continue }
            try sink.lost(thread: thread, from: threads[thread].time, to: context.end, count: count, context)
        }
    }
}

extension TimelineDriver where Sink: ~Copyable {
    /// A gap in the index of a thread's records, or a record that states one.
    private mutating func tellLoss(
        before record: Record, _ time: Int64, _ thread: Int, into sink: inout Sink
    ) throws {
        let state = threads[thread]
        let skipped =
            if let next = state.next, next != record.index {
                gaps.lost(lane: context.threads[thread].lane, from: next, to: record.index)
            } else { 0 as UInt64 }
        let count = skipped &+ (record.lostCount ?? 0)
        if count > 0 {
            let from = min(max(state.time, context.start), time)
            try sink.lost(thread: thread, from: from, to: time, count: count, context)
        }
        threads[thread].next = (record.index &+ (record.lostCount ?? 1)) & 0xFFFF_FFFF_FFFF
        threads[thread].time = time
    }

    private mutating func begin(
        _ missing: [UInt16], at time: Int64, _ thread: Int, into sink: inout Sink, in bytes: RawSpan
    ) throws {
        for id in missing {
            guard let entry = context.entry(id) else { continue }
            threads[thread].stack.begin(id)
            let event = TimelineEvent(time: time, thread: thread, entry: entry, record: nil)
            try sink.spanBegin(event, isCutOff: true, context, in: bytes)
        }
    }

    private mutating func end(_ event: TimelineEvent, into sink: inout Sink, in bytes: RawSpan) throws {
        let closed = threads[event.thread].stack.closed(by: event.entry.schema.id)
        guard closed > 0 else { return }
        // What is inside was never ended.
        try close(closed - 1, at: event.time, event.thread, into: &sink, in: bytes)
        threads[event.thread].stack.close(1)
        try sink.spanEnd(event, isUnfinished: false, context, in: bytes)
    }

    private mutating func close(
        _ count: Int, at time: Int64, _ thread: Int, into sink: inout Sink, in bytes: RawSpan
    ) throws {
        for id in threads[thread].stack.open.suffix(count).reversed() {
            threads[thread].stack.close(1)
            guard let entry = context.entry(id) else { continue }
            let event = TimelineEvent(time: time, thread: thread, entry: entry, record: nil)
            try sink.spanEnd(event, isUnfinished: true, context, in: bytes)
        }
    }

    private mutating func asyncBegin(
        _ event: TimelineEvent, _ record: Record, into sink: inout Sink, in bytes: RawSpan
    ) throws {
        let number = try context.firstWord(of: record, in: bytes)
        let task = record.shape == .two || record.shape == .three ? record.words.1 : 0
        let span = TimelineAsyncSpan(number: number, task: task, taskName: taskNames[task])
        asyncSpans[number] = TimelineAsyncState(entry: event.entry, span: span, thread: event.thread)
        try sink.asyncBegin(event, span, isCutOff: false, context, in: bytes)
    }

    private mutating func asyncEnd(
        _ event: TimelineEvent, _ record: Record, into sink: inout Sink, in bytes: RawSpan
    ) throws {
        let number = try context.firstWord(of: record, in: bytes)
        if let state = asyncSpans.removeValue(forKey: number) {
            try sink.asyncEnd(event, state.span, isUnfinished: false, context, in: bytes)
            return
        }
        let span = TimelineAsyncSpan(number: number, task: 0, taskName: nil)
        let begin = TimelineEvent(
            time: min(context.start, event.time), thread: event.thread,
            entry: context.entry(event.entry.schema.id &- 1) ?? event.entry, record: nil)
        try sink.asyncBegin(begin, span, isCutOff: true, context, in: bytes)
        try sink.asyncEnd(event, span, isUnfinished: false, context, in: bytes)
    }

    private mutating func noteTask(_ event: TimelineEvent, _ record: Record, in bytes: RawSpan) throws {
        guard taskNames.count < Self.taskLimit else { return }
        var number: UInt64?
        try context.forEachArgument(of: record, event.schema, in: bytes) { _, value in
            switch value {
            case .unsigned(let word): number = number ?? word
            case .string(let name, _): if let number { taskNames[number] = name }
            default: break
            }
        }
    }
}

// Not nested in the driver: what is nested in a generic type is looked up by its metadata at each access.

/// Where a thread stands.
struct TimelineThreadState {
    var stack = SpanStack()
    /// Index of the next record if nothing is lost, and nanoseconds of the last.
    var next: UInt64?
    var time: Int64 = .min

    /// Whether a record comes right behind the last one. Goes on to it if so.
    mutating func follows(_ record: Record, at time: Int64) -> Bool {
        guard record.index == next, record.lostCount == nil else { return false }
        next = (record.index &+ 1) & 0xFFFF_FFFF_FFFF
        self.time = time
        return true
    }
}

/// An open span across threads.
struct TimelineAsyncState {
    var entry: TimelineSchema
    var span: TimelineAsyncSpan
    var thread: Int
}
