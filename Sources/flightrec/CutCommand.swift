import ArgumentParser
import ConsoleSupport
import TraceCore
import TraceFormats

struct CutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cut", abstract: "Writes a part of a file as a file: a span of time, some threads, some events.",
        discussion: """
            Times: \(TimeArgument.help)
            --thread, --category and --event may come several times; categories and events add up. Both ends of a span have \
            the same name, so spans stay whole, but for those that the time cuts.

            Examples:
              flightrec cut trace.frec --from +1.5s --to +1.6s -o moment.frec
              flightrec cut trace.frec --category http --thread worker -o http.frec
            """)

    @Argument(help: "A .frec file.", completion: .file(extensions: ["frec"])) var file: String
    @Option(help: ArgumentHelp("The first instant. Default: the window's begin.", valueName: "t")) var from:
        TimeArgument?
    @Option(help: ArgumentHelp("The last instant. Default: the window's end.", valueName: "t")) var to: TimeArgument?
    @Option(help: ArgumentHelp("Only threads with this name or system's id.", valueName: "n|name")) var thread:
        [String] = []
    @Option(help: ArgumentHelp("Only events of this category.", valueName: "c")) var category: [String] = []
    @Option(help: ArgumentHelp("Only events with this name.", valueName: "e")) var event: [String] = []
    @Option(name: .shortAndLong, help: ArgumentHelp("Where to.", valueName: "out"), completion: .file()) var output:
        String

    func run() throws {
        let input = try TraceInput(file)
        try input.withIndex { index, bytes in
            let cut = try self.cut(index)
            let progress = ProgressLine("cutting", of: input)
            defer { progress.clear() }
            let sink = try cut.write(index, in: bytes, to: PartialFile(path: output)) { progress.show($0) }
            try sink.commit()
        }
    }

    private func cut(_ index: TraceIndex) throws -> TraceCut {
        let context = TimelineContext(index)
        var cut = TraceCut()
        if let from { cut.from = context.firstUnits(notBefore: from.nanoseconds(from: context.start)) }
        if let to {
            let time = to.nanoseconds(from: context.start)
            let behind = time == .max ? .max : context.firstUnits(notBefore: time + 1)
            cut.to = behind == 0 ? 0 : behind == .max ? .max : behind - 1
        }
        guard cut.from <= cut.to else { throw UsageError("--from lies behind --to") }
        if !thread.isEmpty {
            let wanted = context.threads.filter { thread.contains($0.name) || thread.contains("\($0.id)") }
            let known = Set(context.threads.map { Figure.name($0.name.isEmpty ? "\($0.id)" : $0.name, 40) }).sorted()
            for name in thread where !wanted.contains(where: { $0.name == name || "\($0.id)" == name }) {
                throw UsageError("no thread '\(name)' in \(file): there are \(known.joined(separator: ", "))")
            }
            cut.threads = Set(wanted.map { NativeThread.ID(lane: $0.lane, thread: $0.id) })
        }
        let schemas = index.schemas.values
        for name in category where !schemas.contains(where: { $0.category == name }) {
            let known = Set(schemas.map { Figure.name($0.category, 40) }).sorted().joined(separator: ", ")
            throw UsageError("no category '\(name)' in \(file): there are \(known)")
        }
        for name in event where !schemas.contains(where: { $0.name == name }) {
            let known = Set(schemas.map { Figure.name($0.name, 40) }).sorted().joined(separator: ", ")
            throw UsageError("no event '\(name)' in \(file): there are \(known)")
        }
        if !category.isEmpty || !event.isEmpty {
            cut.dropped = Set(
                schemas.filter { !category.contains($0.category) && !event.contains($0.name) }.map(\.id))
        }
        return cut
    }
}
