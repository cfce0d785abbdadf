import Foundation
import FuzzSupport
import FuzzTargets
import TraceTestSupport

// libFuzzer calls a function of C, to which nothing can be handed.
nonisolated(unsafe) private var target = FuzzTarget.all[0]
#if FUZZ_GUARDED
    nonisolated(unsafe) private let guarded = GuardedMemory(capacity: 1 << 20)
#endif

/// The program that scripts/fuzz builds with libFuzzer and an address sanitizer, and that without them looks at inputs once.
@main
enum Fuzz {
    private static let usage = """
        usage: fuzz list                      the targets: name, longest input, what it is
               fuzz seeds TARGET DIRECTORY    writes inputs to begin with
               fuzz TARGET FILE ...           looks at these inputs; status 1 where something is wrong
               fuzz TARGET -OPTION ...        libFuzzer's options and directories, in a build that has it
               fuzz bulk TARGET SECONDS SEED JOURNAL DIRECTORY ...
                                              random changes of the inputs in there; JOURNAL has the last

        """

    static func main() throws {
        exit(try run(Array(CommandLine.arguments.dropFirst())))
    }

    private static func run(_ arguments: [String]) throws -> Int32 {
        switch (arguments.first, arguments.count) {
        case ("list", 1):
            for target in FuzzTarget.all { print(target.name, target.maximumLength, target.summary) }
            return 0
        case ("seeds", 3):
            guard let target = FuzzTarget.named(arguments[1]) else { break }
            for (number, seed) in try target.seeds().enumerated() {
                try Data(seed).write(to: URL(fileURLWithPath: "\(arguments[2])/seed-\(number)"))
            }
            return 0
        case ("bulk", 6...):
            guard let target = FuzzTarget.named(arguments[1]), let seconds = Double(arguments[2]),
                let seed = UInt64(arguments[3])
            else { break }
            var run = try BulkRun(target, seed: seed, directories: Array(arguments[5...]), journal: arguments[4])
            let (executions, wrong) = run.run(seconds: seconds)
            print("number_of_executed_units: \(executions)")
            if let wrong { print("ERROR: \(target.name): \(wrong)") }
            return wrong == nil ? 0 : 1
        case (let name?, 2...):
            guard let named = FuzzTarget.named(name) else { break }
            target = named
            return try look(Array(arguments.dropFirst()))
        default: break
        }
        FileHandle.standardError.write(Data(usage.utf8))
        return 2
    }

    private static func look(_ arguments: [String]) throws -> Int32 {
        // The first time, tables are made that stay.
        for seed in try target.seeds() { _ = seed.withUnsafeBytes { target.wrong($0) } }
        fuzz_watch_memory()
        // A merge starts the program again, by a line of the shell that begins with this.
        let program = "\(CommandLine.arguments[0]) \(target.name)"
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        let status = words.withUnsafeMutableBufferPointer { words in
            fuzz_run(Int32(words.count), words.baseAddress!) { data, size in
                if let wrong = Fuzz.wrong(UnsafeRawBufferPointer(start: data, count: size)) {
                    fatalError("\(target.name): \(wrong)")
                }
                return 0
            }
        }
        guard status < 0 else { return status }
        var isWrong = false
        for path in arguments {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            guard let wrong = bytes.withUnsafeBytes({ target.wrong($0) }) else { continue }
            isWrong = true
            print("\(path): \(wrong)")
        }
        return isWrong ? 1 : 0
    }

    /// Without an address sanitizer the input's end is a page's end, and the next cannot be touched.
    private static func wrong(_ input: UnsafeRawBufferPointer) -> String? {
        #if FUZZ_GUARDED
            target.wrong(UnsafeRawBufferPointer(guarded.copy(input)))
        #else
            target.wrong(input)
        #endif
    }
}
