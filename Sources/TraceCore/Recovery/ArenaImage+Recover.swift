internal import MemoryAccess

extension ArenaImage {
    /// Everything that is published in the file now, checked. The file is not written to, and nobody waits.
    ///
    /// - Complexity: O(bytes); up to 1.2 times the size of the file is allocated.
    /// - Throws: ``ArenaError/notAnArena(field:offset:found:)`` where the file was cut short, or does not tell its clock.
    public borrowing func recover() throws(ArenaError) -> RecoveredTrace {
        // The positions first (invariant 1): lanes are the last of the control words.
        let control = try words(0..<geometry.statesOffset)
        let positions = (0..<geometry.laneCapacity).map { LanePosition(control[lane($0, 0)]) }
        let metadata = try RingContents(self)
        let pair = metadata.clock?.newest ?? metadata.header.start
        var header = metadata.header
        // Better known than when the file was made.
        if let clock = metadata.clock, clock.timeShift == header.timeShift {
            (header.rate, header.start) = (clock.rate, clock.start)
        }
        let generation = control[ArenaHeader.generation / 8] & ~GenerationWord.retired
        var trace = RecoveredTrace(
            path: path, owner: owner, isEnded: metadata.isEnded, header: header,
            end: NativeGenerationEnd(generation: generation, clockPair: pair),
            snapshot: NativeSnapshot(
                from: 0, to: pair.ticks >> UInt64(header.timeShift), bound: .store, process: metadata.process,
                storeBytes: UInt64(geometry.pageCount * geometry.pageByteCount),
                unlistedSpans: control[ArenaHeader.unlistedSpans / 8], processName: metadata.processName))
        (trace.schemas, trace.strings) = (metadata.schemas.values.sorted { $0.id < $1.id }, metadata.strings)
        trace.unloggedEntries = metadata.overflow
        if let problem = metadata.problem { trace.report(problem) }

        var found = try readPages(positions, RecordCheck(metadata.schemas), into: &trace)
        account(&found, positions, control, into: &trace)
        trace.openSpans = openSpans(control, metadata.schemas, before: trace.snapshot.to)
        let holders = Set(
            trace.pages.map { [$0.header.lane, $0.header.thread] } + trace.openSpans.map { [$0.lane, $0.thread] })
        trace.threads = threads(control, metadata.threads).filter { holders.contains([$0.lane, $0.thread]) }
        return trace
    }

    /// Index of a lane's word among the control words.
    private func lane(_ number: Int, _ offset: Int) -> Int {
        (geometry.lanesOffset + number * Lane<NativeMemory>.byteCount + offset) / 8
    }

    /// The names that were noted, and those of threads that hold lanes, of which none was. The lanes' words were copied before
    /// the noted names: of a lane that has changed hands meanwhile, the former thread's name was noted first.
    private func threads(_ control: [UInt64], _ noted: [NativeThread]) -> [NativeThread] {
        let known = Set(noted.map { [$0.lane, $0.thread] })
        let others = (0..<geometry.laneCapacity).compactMap { number -> NativeThread? in
            let owner = LaneOwner(word: control[lane(number, 64)])
            guard owner.isThread, !known.contains([UInt32(number), owner.thread]) else { return nil }
            let name = LaneName(words: (control[lane(number, 368)], control[lane(number, 376)]))
            return NativeThread(lane: UInt32(number), thread: owner.thread, name: name.text)
        }
        return (noted + others).sorted { ($0.lane, $0.thread) < ($1.lane, $1.thread) }
    }

    private struct FoundPage {
        var copy: PageCopy
        var events: UInt64
        var endTime: UInt64
    }

    private func readPages(
        _ positions: [LanePosition], _ check: RecordCheck, into trace: inout RecoveredTrace
    ) throws(ArenaError) -> [[FoundPage]] {
        var lanes = [[FoundPage]](repeating: [], count: positions.count)
        for page in 0..<geometry.pageCount {
            do throws(RecoveryFailure) {
                guard var copy = try copy(page, upTo: positions) else { continue }
                let start = geometry.pagesOffset + page * geometry.pageByteCount
                guard copy.header.timeShift == trace.header.timeShift else {
                    throw .page(.init(offset: start + 6, page: page, cause: "time shift \(copy.header.timeShift)"))
                }
                let found = check.cut(&copy, at: start + BatchHeader.byteCount)
                if let problem = found.problem { trace.report(problem) }
                guard copy.header.byteCount > 0, copy.header.eventCount > 0 else { continue }
                trace.end.generation = max(trace.end.generation, found.generation)
                trace.snapshot.to = max(trace.snapshot.to, found.time)
                lanes[Int(copy.header.lane)].append(
                    FoundPage(copy: copy, events: found.events, endTime: found.time))
            } catch {
                switch error {
                case .page(let problem): trace.report(problem)
                case .file(let error): throw error
                }
            }
        }
        return lanes
    }

    /// Holds what was found against the lanes' positions, by the index of events.
    private func account(
        _ lanes: inout [[FoundPage]], _ positions: [LanePosition], _ control: [UInt64],
        into trace: inout RecoveredTrace
    ) {
        var completeFrom: UInt64?
        for number in lanes.indices where positions[number].index > 0 || !lanes[number].isEmpty {
            let end = positions[number]
            func rest(_ index: UInt64) -> UInt64 { end.events(since: LanePosition(index: index, offset: 0)) }
            let pages = lanes[number].sorted {
                (rest($0.copy.header.baseIndex), $1.copy.header.ticket) > (
                    rest($1.copy.header.baseIndex), $0.copy.header.ticket
                )
            }
            lanes[number] = []
            var lane = NativeGenerationEnd.Lane(lane: UInt32(number), events: 0)
            var last: (index: UInt64, time: UInt64, ticket: UInt64)?
            for page in pages {
                let header = page.copy.header
                if let last {
                    let isBehind = rest(header.baseIndex) <= rest(last.index) && header.baseTime >= last.time
                    guard isBehind, header.ticket > last.ticket else {
                        let offset = geometry.pagesOffset + page.copy.page * geometry.pageByteCount
                        trace.report(
                            .init(offset: offset, page: page.copy.page, cause: "does not follow its lane's page before")
                        )
                        continue
                    }
                    let gap = rest(last.index) - rest(header.baseIndex)
                    if gap > 0 { lane.gaps.append(.init(firstIndex: last.index, count: gap)) }
                } else if header.baseIndex > 0 {
                    lane.isTruncated = true
                    completeFrom = max(completeFrom ?? 0, header.baseTime)
                }
                lane.events &+= page.events
                last = (header.endIndex, page.endTime, header.ticket)
                trace.pages.append(page.copy)
            }
            if let last {
                if rest(last.index) > 0 { lane.gaps.append(.init(firstIndex: last.index, count: rest(last.index))) }
            } else {
                lane.isTruncated = true
                completeFrom = max(completeFrom ?? 0, min(control[self.lane(number, 24)], trace.snapshot.to))
            }
            trace.lanes.append(lane)
        }
        trace.end.lanes = trace.lanes
        let start = trace.header.start.ticks >> UInt64(trace.header.timeShift)
        trace.snapshot.from = min(completeFrom ?? start, trace.snapshot.to)
        trace.snapshot.bound = completeFrom == nil ? .start : .store
    }

    /// The spans that the words list, as far as they can be: of a known event, in order, in the past.
    private func openSpans(_ control: [UInt64], _ schemas: [UInt16: EventSchema], before end: UInt64) -> [OpenSpan] {
        // Stamps may have been taken on a processor whose counter is ahead.
        let limit = end &+ 1 &<< 40
        var spans: [OpenSpan] = []
        for number in 0..<geometry.laneCapacity {
            let owner = LaneOwner(word: control[lane(number, 64)])
            guard owner.isThread else { continue }
            var depth: UInt32 = 0
            var last: UInt64 = 0
            for index in 0..<min(control[lane(number, 128)], Lane<NativeMemory>.spanCapacity) {
                let entry = SpanEntry(word: control[lane(number, 136 + Int(index) * 8)])
                let start = entry.start(before: limit)
                // A live thread may have popped and pushed since its depth was copied.
                guard schemas[entry.id]?.kind == .begin, start >= last else { break }
                spans.append(
                    OpenSpan(lane: UInt32(number), thread: owner.thread, schema: entry.id, depth: depth, start: start))
                depth += 1
                last = start
            }
        }
        for slot in 0..<AsyncSpanTable.slotCount {
            let offset = (geometry.asyncSpansOffset + slot * AsyncSpanTable.slotByteCount) / 8
            let (number, entry, origin) = (control[offset], SpanEntry(word: control[offset + 1]), control[offset + 2])
            guard number != 0, number != AsyncSpanTable.beingWritten, schemas[entry.id]?.kind == .asyncBegin,
                origin >> 32 < UInt64(geometry.laneCapacity)
            else { continue }
            spans.append(
                OpenSpan(
                    lane: UInt32(origin >> 32), thread: UInt32(truncatingIfNeeded: origin), schema: entry.id,
                    isAcrossThreads: true, start: entry.start(before: limit), number: number))
        }
        return spans
    }
}
