import Foundation
import ProcessSupport
import Testing
import TraceCore
import TraceTestSupport

/// The file of an arena beside other processes. Apart from other tests of files: scripts/sanitize runs forks by themselves.
@Suite(.serialized) struct ForkedOwnersOfRingFiles {
    private let directory: TemporaryDirectory
    private var path: String { directory.path + "/ring" }

    init() throws { directory = try TemporaryDirectory() }

    private func arena() throws -> Arena {
        try Arena(
            ArenaGeometry(pageByteCount: 4096, pageCount: 4, laneCapacity: 2), newFile: path, logByteCount: 4096)
    }

    @Test func aSecondProcessSeesWhoHoldsTheFile() throws {
        let arena = try arena()
        let (path, other, parent) = (path, directory.path + "/other", getpid())
        let status = inChild {
            guard let image = try? ArenaImage(path: path), image.owner == parent else { return 2 }
            do { try Arena.moveLeftover(at: path, to: other) } catch {
                guard error as? ArenaError == .fileInUse(path: path, process: parent) else { return 3 }
                // The parent's: neither this nor the end of the process takes it away.
                arena.removeFile()
                return 0
            }
            return 4
        }
        #expect(status == 0)
        #expect(directory.names == ["ring"])
        arena.removeFile()
        #expect(directory.names == [])
    }

    #if os(Linux)
        /// The process goes on as another program, which knows nothing of the file.
        @Test func aProcessThatBecomesAnotherProgramLetsGoOfItsFile() throws {
            var pipe: [Int32] = [-1, -1]
            try #require(Glibc.pipe(&pipe) == 0)
            for end in pipe { try #require(fcntl(end, F_SETFD, FD_CLOEXEC) == 0) }
            var program: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
            defer { for word in program { free(word) } }
            let child = startedChild {
                guard let arena = try? arena(), let writer = try? arena.makeWriter(as: DenseEncoding.self) else {
                    return 1
                }
                arena.metadata!.append(
                    EventSchema(id: 1, name: "one", category: "test", fields: [.init(name: "a", type: .unsigned)]))
                for word in 0..<100 as Range<UInt64> { writer.emit(DenseEncoding.one(word), id: 1) }
                execv("/bin/sleep", &program)
                // Not reached; until here the writer and its arena live.
                return writer.emit(DenseEncoding.none(), id: 1) && arena.lanes.isEmpty ? 2 : 3
            }
            close(pipe[1])
            var byte: UInt8 = 0
            // The other end is closed when the other program begins.
            #expect(read(pipe[0], &byte, 1) == 0)
            close(pipe[0])
            let image = try ArenaImage(path: path)
            #expect(image.owner == nil)
            let trace = try image.recover()
            #expect(trace.events == 100 && trace.problems == [] && !trace.isEnded)
            #expect(trace.snapshot.process == UInt32(child))
            let descriptors = "/proc/\(child)/fd"
            for name in try FileManager.default.contentsOfDirectory(atPath: descriptors) {
                let file = try? FileManager.default.destinationOfSymbolicLink(atPath: descriptors + "/" + name)
                #expect(file?.hasPrefix(directory.path) != true)
            }
            try Arena.moveLeftover(at: path, to: directory.path + "/moved")
            process_support_kill(child)
            #expect(process_support_wait(child) == 256 + SIGKILL)
        }
    #endif
}
