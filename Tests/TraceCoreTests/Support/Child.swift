import ProcessSupport

/// Runs `body` in a forked child; returns what it returned, -1 where it crashed or hung.
func inChild(_ body: () -> Int32) -> Int32 {
    withoutActuallyEscaping(body) { body in
        var body = body
        return withUnsafeMutablePointer(to: &body) { pointer in
            process_support_in_child({ $0!.assumingMemoryBound(to: (() -> Int32).self).pointee() }, pointer, 20)
        }
    }
}

/// The process id of a forked child that runs `body`, for 20 seconds at most.
func startedChild(_ body: () -> Int32) -> Int32 {
    withoutActuallyEscaping(body) { body in
        var body = body
        return withUnsafeMutablePointer(to: &body) { pointer in
            process_support_start_child({ $0!.assumingMemoryBound(to: (() -> Int32).self).pointee() }, pointer, 20)
        }
    }
}
