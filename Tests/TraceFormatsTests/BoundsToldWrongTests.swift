import Foundation
import Testing
import TraceCore
import TraceTestSupport

/// The test of the test: under the address sanitizer a reader that is told the bounds of its input is silent, and one that is
/// told of more must be reported. `scripts/sanitize` runs both and expects just that.
@Suite struct BoundsToldWrong {
    /// Reads a file that was cut short by a byte, in memory that ends there.
    private func read(toldOfMoreBytes more: Int) throws {
        let file = try SmallFile.make { for time in 1...200 as ClosedRange<UInt64> { $0.emit(3, time, at: time) } }
        let cut = UnsafeMutableRawBufferPointer.allocate(byteCount: file.count - 1, alignment: 8)
        defer { cut.deallocate() }
        cut.copyBytes(from: file.dropLast())
        let span = UnsafeRawBufferPointer(start: cut.baseAddress, count: cut.count + more).bytes
        var reader = try NativeFileReader(span)
        while try reader.next(in: span) != nil {}
    }

    @Test func sanitizerReportsAReaderWithinItsBounds() {
        #expect(throws: NativeFileError.self) { try read(toldOfMoreBytes: 0) }
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["BOUNDS_TOLD_WRONG"] != nil))
    func sanitizerMissesAReadBehindTheEnd() throws { try read(toldOfMoreBytes: 1) }
}
