import ArgumentParser
import Foundation
import TraceCore
import TraceFormats

/// What `export` writes. A format is one line of this table.
struct ExportFormat: Sendable {
    /// What an exporter is given beside the events.
    struct Options: Sendable {
        var nanoseconds = false
    }

    enum Writing: Sendable {
        /// One stream of bytes.
        case stream(@Sendable (Job, RawSpan, consuming ExportOutput, Options) throws -> ExportOutput)
        /// A file that the exporter makes itself, under the path that it is given.
        case file(@Sendable (Job, RawSpan, String) throws -> Void)
        /// A directory that the exporter makes itself, and gives its name once it is whole.
        case directory(@Sendable (Job, RawSpan, String) throws -> Void)
    }

    /// The events, and who is told how far it is.
    struct Job {
        let index: TraceIndex
        let progress: ProgressLine

        func run(_ bytes: RawSpan, into sink: inout some TimelineSink & ~Copyable) throws {
            try Timeline.run(index, in: bytes, into: &sink) { progress.show($0) }
        }
    }

    let name: String
    let fileExtension: String
    let help: String
    let writing: Writing

    static let all: [ExportFormat] = [
        ExportFormat(
            "perfetto", "pftrace", "for ui.perfetto.dev and its trace processor",
            stream: write(PerfettoExporter<ExportOutput>.self)),
        ExportFormat(
            "chrome", "json", "Chrome's JSON: chrome://tracing, speedscope, Perfetto",
            stream: write(ChromeExporter<ExportOutput>.self)),
        ExportFormat(
            "fxt", "fxt", "Fuchsia's trace format: ui.perfetto.dev, magic-trace",
            stream: write(FXTExporter<ExportOutput>.self)),
        ExportFormat(
            "go", "gotrace", "Go's execution trace: go tool trace, gotraceui",
            stream: write(GoTraceExporter<ExportOutput>.self)),
        ExportFormat(
            "ctf", "ctf", "a directory: babeltrace2, Trace Compass",
            directory: { job, bytes, path in
                var exporter = try CTFExporter(directory: path)
                try job.run(bytes, into: &exporter)
                try exporter.finish()
            }),
        ExportFormat("ndjson", "ndjson", "lines of JSON, for jq and log pipelines") { job, bytes, output, options in
            var exporter = NDJSONExporter(to: output, times: options.nanoseconds ? .ns : .iso)
            try job.run(bytes, into: &exporter)
            return try exporter.finish()
        },
        ExportFormat(
            "sqlite", "sqlite", "a database, for questions in SQL (needs libsqlite3.so.0)",
            file: { job, bytes, path in
                var exporter = try SQLiteExporter(path: path)
                try job.run(bytes, into: &exporter)
                try exporter.finish()
            }),
    ]

    /// What a ``StreamExporter`` does.
    private static func write<Exporter: StreamExporter & SendableMetatype & ~Copyable>(
        _ type: Exporter.Type
    ) -> @Sendable (Job, RawSpan, consuming ExportOutput, Options) throws -> ExportOutput {
        { job, bytes, output, _ in
            var exporter = Exporter(to: output)
            try job.run(bytes, into: &exporter)
            return try exporter.finish()
        }
    }

    static func named(_ name: String) -> ExportFormat? { all.first { $0.name == name } }

    private init(
        _ name: String, _ fileExtension: String, _ help: String,
        stream: @escaping @Sendable (Job, RawSpan, consuming ExportOutput, Options) throws -> ExportOutput
    ) {
        (self.name, self.fileExtension, self.help) = (name, fileExtension, help)
        writing = .stream(stream)
    }

    private init(
        _ name: String, _ fileExtension: String, _ help: String,
        file: @escaping @Sendable (Job, RawSpan, String) throws -> Void
    ) {
        (self.name, self.fileExtension, self.help) = (name, fileExtension, help)
        writing = .file(file)
    }

    private init(
        _ name: String, _ fileExtension: String, _ help: String,
        directory: @escaping @Sendable (Job, RawSpan, String) throws -> Void
    ) {
        (self.name, self.fileExtension, self.help) = (name, fileExtension, help)
        writing = .directory(directory)
    }
}

/// An exporter that needs nothing but where its bytes go.
private protocol StreamExporter: ~Copyable, TimelineSink {
    init(to sink: consuming ExportOutput)
    consuming func finish() throws -> ExportOutput
}
extension PerfettoExporter: StreamExporter where Sink == ExportOutput {}
extension ChromeExporter: StreamExporter where Sink == ExportOutput {}
extension FXTExporter: StreamExporter where Sink == ExportOutput {}
extension GoTraceExporter: StreamExporter where Sink == ExportOutput {}

/// Where an export goes: standard output, or a file that has its name once it is whole.
struct ExportOutput: ByteSink, ~Copyable {
    private var file: PartialFile?
    private var descriptor: FileDescriptorSink?

    /// - Parameter path: nil for standard output.
    init(path: String?) throws {
        if let path {
            file = try PartialFile(path: path)
        } else {
            descriptor = FileDescriptorSink(1, name: "standard output")
        }
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        try file?.write(bytes)
        try descriptor?.write(bytes)
    }

    consuming func commit() throws { try file.take()?.commit() }
}
