internal import TraceCore

/// Makes Fuchsia's records of a timeline. It knows no sink, so that its code is compiled for what it is, whoever uses it.
///
/// Invariants:
/// 1. A string or thread record stands in front of the first record that refers to it. Otherwise that one names nothing.
/// 2. No two threads have the same id. Otherwise their spans are mixed in one track, and do not nest.
/// 3. A text by value is at most ``FXTStringTable/inlineLimit`` bytes long, and an event has at most 15 arguments. Otherwise
///    its size does not fit the record's head.
struct FXTEncoder: TimelineSink {
    /// Bytes to be written.
    var output = LaneBytes()
    private var strings = FXTStringTable()
    private var record = FXTRecord()
    private var threads: FXTThreads?
    /// By schema id.
    private var schemas: [SchemaTexts?] = []
    private var cutOff = FXTText.empty
    private var unfinished = FXTText.empty

    /// Typed arguments of an event: one for the rest as text and one that the exporter adds have to fit beside them.
    private static var typedArguments: Int { FXT.maximumArguments - 2 }

    private struct SchemaTexts {
        var name: FXTText
        var category: FXTText
        var fields: [FXTText]
    }

    mutating func begin(_ context: TimelineContext) throws {
        writeHead()
        let threads = FXTThreads(context)
        self.threads = threads
        schemas = Array(repeating: nil, count: Int(context.index.schemas.keys.max() ?? 0) + 1)
        cutOff = text("cut off")
        unfinished = text("unfinished")
        let process = context.processName.isEmpty ? "process \(context.processID)" : context.processName
        writeKernelObject(.process, threads.process, process)
        for (place, thread) in context.threads.enumerated() {
            let id = threads.ids[place]
            let reference = FXTThreads.reference(place)
            if reference != 0 {
                record.begin()
                record.append(threads.process)
                record.append(id)
                record.close(.thread, reference << 16)
                output.append(words: record.words)
            }
            let name = thread.name.isEmpty ? "thread \(thread.id)" : thread.name
            writeKernelObject(.thread, id, name, process: threads.process)
        }
    }

    mutating func spanBegin(
        _ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try open(event, context, in: bytes)
        if isCutOff { record.argument(cutOff, true) }
        try close(.durationBegin, event)
    }

    mutating func spanEnd(
        _ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try open(event, context, in: bytes)
        if isUnfinished { record.argument(unfinished, true) }
        try close(.durationEnd, event)
    }

    mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try open(event, context, in: bytes)
        if isCutOff {
            record.argument(cutOff, true)
        } else if let name = span.taskName {
            record.argument(text("task name"), FXTText(inline: name, limit: FXTStringTable.inlineLimit))
        }
        try close(.asyncBegin, event, number: span.number)
    }

    mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws {
        try open(event, context, in: bytes)
        if isUnfinished { record.argument(unfinished, true) }
        try close(.asyncEnd, event, number: span.number)
    }

    mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try open(event, context, in: bytes)
        try close(.instant, event)
    }

    mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try open(event, context, in: bytes)
        // A counter is one of the process, whatever thread sets it.
        try close(.counter, event, number: 0)
    }

    mutating func flow(
        _ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        try open(event, context, in: bytes)
        let type: FXT.EventType =
            switch event.schema.kind {
            case .flowBegin: .flowBegin
            case .flowEnd: .flowEnd
            default: .flowStep
            }
        try close(type, event, number: number)
    }

    mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) throws {
        let (name, category) = (text("lost events"), text("flight recorder"))
        let (countName, sinceName) = (text("count"), text("since"))
        open(thread, at: to, category, name)
        record.argument(countName, .uint64, count)
        record.argument(sinceName, .int64, UInt64(bitPattern: from))
        try close(.instant, thread, category, name, number: nil)
    }

    mutating func end(_ context: TimelineContext) {}
}

extension FXTEncoder {
    /// The strict order of the format: a provider has to be known before anything that it says.
    private mutating func writeHead() {
        let provider: UInt64 = 1
        let name = FXTText(inline: "flight recorder", limit: 255)
        output.append(words: [FXT.magic.littleEndian])
        record.begin()
        record.append(name)
        record.close(.metadata, 1 << 16 | provider << 20 | UInt64(name.inline.utf8.count) << 52)
        output.append(words: record.words)
        record.begin()
        record.close(.metadata, 2 << 16 | provider << 20)
        output.append(words: record.words)
        record.begin()
        // Times are nanoseconds since 1970.
        record.append(1_000_000_000)
        record.close(.initialization, 0)
        output.append(words: record.words)
    }

    private mutating func writeKernelObject(
        _ type: FXT.KernelObject, _ id: UInt64, _ name: String, process: UInt64? = nil
    ) {
        let (name, processName) = (text(name), text("process"))
        record.begin()
        record.append(id)
        record.append(name)
        if let process { record.argument(processName, .koid, process) }
        record.close(
            .kernelObject,
            type.rawValue << 16 | UInt64(name.reference) << 24 | UInt64(record.argumentCount) << 40)
        output.append(words: record.words)
    }

    private mutating func text(_ text: String) -> FXTText { strings.reference(text, to: &output) }

    private mutating func texts(_ schema: EventSchema) -> SchemaTexts {
        if let texts = schemas[Int(schema.id)] { return texts }
        var texts = SchemaTexts(name: text(schema.name), category: text(schema.category), fields: [])
        for field in schema.fields {
            let limit = FXTStringTable.inlineNameLimit
            texts.fields.append(strings.reference(field.label, to: &output, inlineLimit: limit))
        }
        schemas[Int(schema.id)] = texts
        return texts
    }

    /// Begins an event's record, up to the arguments that its schema tells of.
    private mutating func open(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        let texts = texts(event.schema)
        open(event.thread, at: event.time, texts.category, texts.name)
        guard let source = event.record, !texts.fields.isEmpty else { return }
        var number = 0
        var rest = ""
        try context.forEachArgument(of: source, event.schema, in: bytes) { field, value in
            if number < Self.typedArguments {
                argument(texts.fields[number], value)
            } else {
                rest += "\(rest.isEmpty ? "" : " ")\(field.label)="
                value.write(to: &rest)
            }
            number += 1
        }
        if !rest.isEmpty {
            record.argument(text("more"), FXTText(inline: rest, limit: FXTStringTable.inlineLimit))
        }
    }

    private mutating func open(_ thread: Int, at time: Int64, _ category: FXTText, _ name: FXTText) {
        record.begin()
        // The format knows no time before 1970.
        record.append(UInt64(max(0, time)))
        if FXTThreads.reference(thread) == 0 {
            record.append(threads!.process)
            record.append(threads!.ids[thread])
        }
        record.append(category)
        record.append(name)
    }

    private mutating func argument(_ name: FXTText, _ value: ArgumentValue) {
        switch value {
        case .unsigned(let value): record.argument(name, .uint64, value)
        case .signed(let value): record.argument(name, .int64, UInt64(bitPattern: value))
        case .double(let value): record.argument(name, .double, value.bitPattern)
        case .float(let value): record.argument(name, .double, Double(value).bitPattern)
        case .boolean(let value): record.argument(name, value)
        case .pointer(let value): record.argument(name, .pointer, value)
        case .staticString(let value): record.argument(name, text(value))
        case .string(let value, let isTruncated):
            let shown = ArgumentValue.shown(value, isTruncated: isTruncated)
            record.argument(name, FXTText(inline: shown, limit: FXTStringTable.inlineLimit))
        }
    }

    private mutating func close(_ type: FXT.EventType, _ event: TimelineEvent, number: UInt64? = nil) throws {
        let texts = texts(event.schema)
        try close(type, event.thread, texts.category, texts.name, number: number)
    }

    private mutating func close(
        _ type: FXT.EventType, _ thread: Int, _ category: FXTText, _ name: FXTText, number: UInt64?
    ) throws {
        if let number { record.append(number) }
        record.close(
            .event,
            type.rawValue << 16 | UInt64(record.argumentCount) << 20 | FXTThreads.reference(thread) << 24
                | UInt64(category.reference) << 32 | UInt64(name.reference) << 48)
        output.append(words: record.words)
    }
}
