import CPlatform

/// The processors this process may run on, as they were when first asked, before any thread was pinned.
package enum Processors {
    package static let allowed: [Int32] = {
        var cpus = [Int32](repeating: 0, count: 1024)
        let count = Int(cplatform_allowed_cpus(&cpus, Int32(cpus.count)))
        return Array(cpus.prefix(max(count, 0)))
    }()

    /// Pins the calling thread to the `index`-th allowed processor. Without effect where the system cannot pin.
    package static func pin(to index: Int) {
        guard index < allowed.count else { return }
        _ = cplatform_pin_to_cpu(allowed[index])
    }

    /// Lets the calling thread run on all allowed processors again.
    package static func unpin() {
        guard !allowed.isEmpty else { return }
        _ = cplatform_allow_cpus(allowed, Int32(allowed.count))
    }
}
