internal import TraceCore

/// The tracks of an export, by number: small ones, which take few bytes in each event.
struct PerfettoTracks {
    let threadCount: Int

    var process: UInt64 { 1 }
    func thread(_ place: Int) -> UInt64 { UInt64(2 &+ place) }
    func losses(ofThread place: Int) -> UInt64 { UInt64(2 &+ threadCount &+ place) }
    func counter(_ schema: UInt16) -> UInt64 { UInt64(2 &+ 2 &* threadCount &+ Int(schema)) }
    /// Numbers of spans are small as a rule, and above all the others here.
    func span(_ number: UInt64) -> UInt64 { number &+ (1 << 32) }
}

/// What stands in a trace once, in front of its events.
struct PerfettoPreamble {
    let context: TimelineContext
    let tracks: PerfettoTracks
    let threads: UniqueThreads

    /// Times are those of the monotonic clock, unless a packet says otherwise.
    var defaults: ProtoMessage {
        var defaults = ProtoMessage()
        defaults.number(PerfettoField.Packet.timestampClock, PerfettoValue.monotonicClock)
        return defaults
    }

    /// One instant on both clocks, so that times can be told as wall-clock times.
    func clocks(_ zero: MonotonicTime) -> ProtoMessage {
        func clock(_ id: UInt64, _ time: UInt64) -> ProtoMessage {
            var clock = ProtoMessage()
            clock.number(PerfettoField.Clocks.id, id)
            clock.number(PerfettoField.Clocks.timestamp, time)
            return clock
        }
        var clocks = ProtoMessage()
        clocks.message(PerfettoField.Clocks.clock, clock(PerfettoValue.monotonicClock, zero.monotonic))
        clocks.message(PerfettoField.Clocks.clock, clock(PerfettoValue.realtimeClock, UInt64(max(0, zero.wall))))
        clocks.number(PerfettoField.Clocks.primary, PerfettoValue.monotonicClock)
        return clocks
    }

    var processTrack: ProtoMessage {
        var process = ProtoMessage()
        process.number(PerfettoField.Process.pid, UInt64(threads.process))
        if !context.processName.isEmpty { process.text(PerfettoField.Process.name, context.processName) }
        if let reason = context.index.snapshot?.reason, !reason.isEmpty {
            process.text(PerfettoField.Process.labels, reason)
        }
        if let problem = context.index.problem {
            process.text(PerfettoField.Process.labels, "incomplete file: \(problem)")
        }
        var track = ProtoMessage()
        track.number(PerfettoField.Track.uuid, tracks.process)
        track.message(PerfettoField.Track.process, process)
        return track
    }

    func threadTrack(_ place: Int) -> ProtoMessage {
        let known = threads.threads[place]
        var thread = ProtoMessage()
        thread.number(PerfettoField.Thread.pid, UInt64(threads.process))
        thread.number(PerfettoField.Thread.tid, UInt64(known.id))
        if !known.name.isEmpty { thread.text(PerfettoField.Thread.name, known.name) }
        var track = ProtoMessage()
        track.number(PerfettoField.Track.uuid, tracks.thread(place))
        track.number(PerfettoField.Track.parent, tracks.process)
        track.message(PerfettoField.Track.thread, thread)
        return track
    }

    func lossTrack(ofThread place: Int) -> ProtoMessage {
        var track = ProtoMessage()
        track.number(PerfettoField.Track.uuid, tracks.losses(ofThread: place))
        track.number(PerfettoField.Track.parent, tracks.thread(place))
        track.text(PerfettoField.Track.name, "lost events")
        return track
    }

    func counterTrack(_ schema: UInt16, _ plan: PerfettoPlan) -> ProtoMessage {
        var counter = ProtoMessage()
        if !plan.unit.isEmpty { counter.text(PerfettoField.Counter.unitName, plan.unit) }
        var track = ProtoMessage()
        track.number(PerfettoField.Track.uuid, tracks.counter(schema))
        track.number(PerfettoField.Track.parent, tracks.process)
        track.text(PerfettoField.Track.name, plan.name)
        track.message(PerfettoField.Track.counter, counter)
        return track
    }
}
