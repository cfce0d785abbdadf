import Testing
import TraceCore
import TraceFormats
import TraceTestSupport

/// What a timeline makes of a file: balanced, in order, and with nothing left out.
@Suite struct TimelineTests {
    @Test(arguments: 0..<60 as Range<UInt64>)
    func spansAreBalancedAndNothingIsLeftOut(seed: UInt64) throws {
        let file = try RandomTrace.file(seed: seed)
        let sink = try CollectingSink.collect(file)
        let context = try #require(sink.context)
        #expect(context.index.problem == nil)
        var stacks: [Int: [String]] = [:]
        var asyncs: Set<UInt64> = []
        var last = Int64.min
        var recorded = 0
        for item in sink.items {
            switch item.what {
            case .spanBegin(let isCutOff):
                stacks[item.thread, default: []].append(item.name)
                recorded += isCutOff ? 0 : 1
                if isCutOff { continue }
            case .spanEnd(let isUnfinished):
                #expect(stacks[item.thread]?.popLast() == item.name, "seed \(seed)")
                recorded += isUnfinished ? 0 : 1
            case .asyncBegin(let span, let isCutOff):
                #expect(asyncs.insert(span.number).inserted)
                recorded += isCutOff ? 0 : 1
                if isCutOff { continue }
            case .asyncEnd(let span, let isUnfinished):
                #expect(asyncs.remove(span.number) != nil)
                recorded += isUnfinished ? 0 : 1
            case .instant, .counter, .flow: recorded += 1
            case .lost: break
            }
            #expect(item.time >= last, "seed \(seed)")
            last = item.time
        }
        #expect(stacks.values.allSatisfy(\.isEmpty) && asyncs.isEmpty)
        // Each record of the file, but ends of spans that had been closed from outside.
        #expect(recorded <= Int(context.index.totals.events))
        let lost = sink.items.reduce(0 as UInt64) { if case .lost(_, let count) = $1.what { $0 + count } else { $0 } }
        #expect(lost == context.index.totals.lost)
    }

    @Test(arguments: 0..<5 as Range<UInt64>)
    func everyCutOfAFileIsReadUpToTheCut(seed: UInt64) throws {
        let file = try RandomTrace.file(seed: seed, events: 40)
        for length in stride(from: 64, to: file.count, by: 131) {
            let cut = Array(file[..<length])
            let index = try TraceIndex(cut.span.bytes)
            #expect(index.problem?.reason == .incomplete)
            _ = try? CollectingSink.collect(cut)
        }
    }
}
