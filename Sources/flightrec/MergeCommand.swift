import ArgumentParser
import ConsoleSupport
import TraceCore
import TraceFormats

struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Makes one file of several of one machine: of processes, or one after the other.",
        discussion: """
            The files have to be of one start of one machine: then their clocks compare, and it is told how well. What \
            files of one process have in common is taken once. Of several processes, threads get their process's name in \
            front of their own.

            Examples:
              flightrec merge server.frec worker.frec -o both.frec
              flightrec merge trace-0001.frec trace-0002.frec -o minutes.frec
            """)

    @Argument(help: ".frec files.", completion: .file(extensions: ["frec"])) var files: [String]
    @Option(name: .shortAndLong, help: ArgumentHelp("Where to.", valueName: "out"), completion: .file()) var output:
        String

    func run() throws {
        var inputs: [TraceMerge.Input] = []
        for file in files {
            try TraceInput(file).withIndex { index, _ in inputs.append(.init(name: file, index: index)) }
        }
        do {
            let merge = try TraceMerge(inputs)
            let progress = ProgressLine("merging")
            defer { progress.clear() }
            let sink = try merge.write(to: PartialFile(path: output), progress: { progress.show($0) }) { file, body in
                let input = try TraceInput(file)
                progress.input = input
                try input.withBytes(body)
            }
            try sink.commit()
            progress.clear()
            Console.note(
                "wrote \(output); the files' clocks agree within \(Figure.duration(merge.clockError))",
                from: "flightrec")
        } catch let error as TraceMerge.Failure { throw UsageError("\(error)") }
    }
}
