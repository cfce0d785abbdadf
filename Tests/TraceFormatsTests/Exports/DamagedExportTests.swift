import FuzzTargets
import Testing
import TraceCore
import TraceFormats
import TraceTestSupport

/// Whatever the bytes: an error that names its place, or an export; never a trap. And nothing is read that is not there: each file
/// ends right before a page that cannot be touched.
@Suite struct DamagedExportTests {
    private static func files() throws -> [[UInt8]] {
        let files = try FuzzTarget.smallFiles()
        let items = try files.flatMap { try CollectingSink.collect($0).items }
        try #require(Set(items.map { ExportTests.Case($0.what) }) == Set(ExportTests.Case.allCases))
        try #require(Set(items.map(\.arguments.count)).isSuperset(of: [0, 1, 2, 3, 5]))
        return files
    }

    /// Debug builds look at each byte once, release builds with several values.
    private static var changes: [UInt8] {
        #if DEBUG
            [0xFF]
        #else
            [0xFF, 0x01, 0x02, 0x10, 0x40, 0x80]
        #endif
    }

    /// Every length and every byte, in portions that run at a time.
    private static let portions = 0..<8

    @Test(arguments: portions)
    func theLengthOfAFileTraps(portion: Int) throws {
        for file in try Self.files() {
            let guarded = GuardedMemory(capacity: file.count)
            for length in stride(from: portion, through: file.count, by: Self.portions.count) {
                Self.handle(UnsafeRawBufferPointer(guarded.copy(file[..<length])))
            }
        }
    }

    @Test(arguments: portions)
    func aChangedByteTraps(portion: Int) throws {
        for file in try Self.files() {
            let guarded = GuardedMemory(capacity: file.count)
            let bytes = guarded.copy(file)
            for place in stride(from: portion, to: file.count, by: Self.portions.count) {
                for change in Self.changes {
                    bytes[place] = file[place] ^ change
                    Self.handle(UnsafeRawBufferPointer(bytes))
                }
                bytes[place] = file[place]
            }
        }
    }

    private static func handle(_ file: UnsafeRawBufferPointer) {
        let bytes = file.bytes
        guard let index = try? TraceIndex(bytes) else { return }
        if let problem = index.problem { #expect((0...file.count).contains(problem.offset), "\(problem)") }
        for format in ExportTarget.allCases {
            let failure = format.failure(file)
            #expect(failure == nil, "\(format)")
        }
        for violation in FileVerifier.violations(Array(file)) { #expect((0...file.count).contains(violation.offset)) }
    }
}
