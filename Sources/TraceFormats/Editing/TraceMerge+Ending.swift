internal import TraceCore

extension TraceMerge {
    /// The last file of each process: what its end says counts.
    private var lastOfProcess: [Int] {
        (0..<processCount).compactMap { process in processOf.lastIndex(of: process) }
    }

    private func name(of process: Int) -> String {
        let snapshot = inputs.indices.filter { processOf[$0] == process }.lazy.compactMap { inputs[$0].index.snapshot }
            .first
        guard let snapshot else { return "process \(process + 1)" }
        return snapshot.processName.isEmpty ? "\(snapshot.process)" : "\(snapshot.processName) \(snapshot.process)"
    }

    /// Named after their process where there are several.
    func threads(_ tables: MergeTables) -> [NativeThread] {
        var seen: Set<NativeThread> = []
        var threads: [NativeThread] = []
        for number in inputs.indices {
            let process = processOf[number]
            let prefix = processCount > 1 ? name(of: process) + "/" : ""
            let named = processCount > 1 ? inputs[number].index.allThreads : inputs[number].index.threads
            for thread in named {
                let new = NativeThread(
                    lane: tables.lane(thread.lane, process), thread: thread.thread, name: prefix + thread.name)
                if seen.insert(new).inserted { threads.append(new) }
            }
        }
        return threads
    }

    func openSpans(_ tables: MergeTables) -> [OpenSpan] {
        lastOfProcess.flatMap { number in
            let process = processOf[number]
            return inputs[number].index.openSpans.map { span in
                var span = span
                span.lane = tables.lane(span.lane, process)
                span.schema = tables.map(of: number).schemas[span.schema] ?? span.schema
                if span.isAcrossThreads { span.number = unique(span.number, process) }
                return span
            }
        }
    }

    /// A number of one process's as one of all: small ones stay small.
    func unique(_ number: UInt64, _ process: Int) -> UInt64 {
        number == 0 || processCount == 1 ? number : number &* UInt64(processCount) &+ UInt64(process)
    }

    /// From when on nothing is missing of any process, who they were, and what their recorders cost together.
    var snapshot: NativeSnapshot? {
        let known = inputs.indices.compactMap { number in
            inputs[number].index.snapshot.map { (process: processOf[number], snapshot: $0) }
        }
        guard let last = known.last else { return nil }
        var merged = last.snapshot
        let firsts = (0..<processCount).compactMap { process in
            known.filter { $0.process == process }.map(\.snapshot).min { $0.from < $1.from }
        }
        if let latest = firsts.max(by: { $0.from < $1.from }) {
            (merged.from, merged.bound) = (latest.from, latest.bound)
        }
        merged.to = max(merged.from, known.map(\.snapshot.to).max() ?? merged.to)
        merged.reason = "merged: " + inputs.map(\.name).joined(separator: ", ")
        guard processCount > 1 else { return merged }
        merged.process = 0
        merged.processName = (0..<processCount).map { name(of: $0) }.joined(separator: ", ")
        let lasts = (0..<processCount).compactMap { process in known.last { $0.process == process }?.snapshot }
        for field in [
            \.storeBytes, \.generations, \.generationCost, \.snapshots, \.snapshotCost, \.uncountedEvents,
            \.unlistedSpans,
        ] as [WritableKeyPath<NativeSnapshot, UInt64>] {
            merged[keyPath: field] = lasts.reduce(0) { $0 &+ $1[keyPath: field] }
        }
        return merged
    }

    func end(_ lanes: MergeLanes) -> NativeGenerationEnd {
        let ends = inputs.compactMap { $0.index.completedGenerations.last?.end }
        let last = ends.max { $0.clockPair.ticks < $1.clockPair.ticks }
        let generation = ends.map(\.generation).max() ?? 0
        return NativeGenerationEnd(
            generation: max(generation, lanes.lastGeneration), clockPair: last?.clockPair ?? header.start,
            lanes: lanes.account)
    }
}

extension TraceIndex {
    /// The named threads, and those that only batches and open spans tell of.
    var allThreads: [NativeThread] {
        var known = Set(threads.map(\.id))
        var all = threads
        let seen = batches.lazy.map { NativeThread.ID(lane: $0.header.lane, thread: $0.header.thread) }
        let open = openSpans.lazy.map { NativeThread.ID(lane: $0.lane, thread: $0.thread) }
        for id in Array(seen) + Array(open) where known.insert(id).inserted {
            all.append(NativeThread(lane: id.lane, thread: id.thread, name: ""))
        }
        return all
    }
}
