internal import ProcessSupport

/// Runs `body` in a forked child; returns what it returned, -1 where it crashed or hung.
public func inChild(_ body: () -> Int32) -> Int32 {
    withPointer(to: body) { process_support_in_child({ runBody($0) }, $0, 20) }
}

/// The process id of a forked child that runs `body`, for 20 seconds at most.
public func startedChild(_ body: () -> Int32) -> Int32 {
    withPointer(to: body) { process_support_start_child({ runBody($0) }, $0, 20) }
}

private func withPointer(to body: () -> Int32, _ use: (UnsafeMutableRawPointer) -> Int32) -> Int32 {
    withoutActuallyEscaping(body) { body in
        var body = body
        return withUnsafeMutablePointer(to: &body) { use(UnsafeMutableRawPointer($0)) }
    }
}

private func runBody(_ pointer: UnsafeMutableRawPointer?) -> Int32 {
    pointer!.assumingMemoryBound(to: (() -> Int32).self).pointee()
}
