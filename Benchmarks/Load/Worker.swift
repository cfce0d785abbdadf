import Foundation

/// A thread that can be waited for until its exit is complete: then its lane is free again.
package final class Worker {
    #if canImport(Darwin)
        private var thread: pthread_t?
    #else
        private var thread = pthread_t()
    #endif

    private final class Box {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    package init(_ body: @escaping () -> Void) {
        let box = Unmanaged.passRetained(Box(body)).toOpaque()
        let code = pthread_create(&thread, nil, workerMain, box)
        precondition(code == 0, "no thread: error \(code)")
    }

    package func join() {
        #if canImport(Darwin)
            if let thread { pthread_join(thread, nil) }
        #else
            pthread_join(thread, nil)
        #endif
    }

    #if canImport(Darwin)
        fileprivate static func run(_ box: UnsafeMutableRawPointer) {
            Unmanaged<Box>.fromOpaque(box).takeRetainedValue().body()
        }
    #else
        fileprivate static func run(_ box: UnsafeMutableRawPointer?) {
            Unmanaged<Box>.fromOpaque(box!).takeRetainedValue().body()
        }
    #endif
}

#if canImport(Darwin)
    private func workerMain(_ box: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Worker.run(box)
        return nil
    }
#else
    private func workerMain(_ box: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        Worker.run(box)
        return nil
    }
#endif
