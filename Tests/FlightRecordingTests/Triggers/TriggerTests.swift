import Foundation
import ProcessSupport
import Synchronization
import Testing

@testable import FlightRecording

private let handledSignals = Atomic<Int>(0)

extension TraceOfTheProcess {
    /// When snapshots are taken by themselves, how they are called, and how many are kept.
    @Suite struct Triggers {
        private let directory = FileManager.default.temporaryDirectory
            .appending(component: "triggers-\(UInt64.random(in: 0 ... .max))").path

        init() throws { try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true) }

        private func configuration(after: Duration = .zero, interval: Duration = .zero) -> SnapshotTrigger.Configuration
        {
            var configuration = SnapshotTrigger.Configuration(directory: directory)
            configuration.after = after
            configuration.minimumInterval = interval
            return configuration
        }

        /// Snapshots as they are taken.
        private final class Outcomes: Sendable {
            private let all = Lock<[Result<SnapshotTrigger.Taken, any Error>]>([])
            private let alarm = Alarm()

            func add(_ outcome: Result<SnapshotTrigger.Taken, any Error>) {
                all.withLock { $0.append(outcome) }
                alarm.ring()
            }

            /// Waits until there are so many.
            func first(_ count: Int) -> [Result<SnapshotTrigger.Taken, any Error>] {
                while true {
                    let rings = alarm.rings
                    let found = all.withLock { $0 }
                    if found.count >= count { return found }
                    alarm.sleep(since: rings, nanoseconds: 0)
                }
            }
        }

        private func triggering(
            _ configuration: SnapshotTrigger.Configuration,
            _ body: (SnapshotTrigger, Outcomes) throws -> Void
        ) throws {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let recorder = FlightRecorder(configuration: .init(minimumAge: .seconds(100), maximumBytes: 1 << 20))
            try recorder.start()
            defer { recorder.stop() }
            let outcomes = Outcomes()
            let trigger = try SnapshotTrigger(recorder, configuration: configuration) { outcomes.add($0) }
            defer { trigger.stop() }
            try body(trigger, outcomes)
        }

        @Test func snapshotIsNamedByTimeAndReasonAndHoldsWhatLedToIt() throws {
            try triggering(configuration()) { trigger, outcomes in
                Emitted.other.emit(9)
                trigger.fire("slow request: /a?b")
                let taken = try outcomes.first(1)[0].get()
                let name = try #require(taken.path.split(separator: "/").last)
                let pattern = /snapshot-\d{8}T\d{6}\.\d{6}Z-slow-request---a-b\.frec/
                let match = try pattern.wholeMatch(in: String(name))
                #expect(match != nil, "\(name)")
                let bytes = [UInt8](try Data(contentsOf: URL(filePath: taken.path)))
                #expect(try ReadSnapshot(bytes).words("other") == [9])
                #expect(trigger.status.taken == 1)
                #expect(trigger.status.lastPath == taken.path)
            }
        }

        @Test func whatFollowsTheEventIsInside() throws {
            // Taken at the stop, long before its time: what was emitted until then is inside.
            try triggering(configuration(after: .seconds(1000))) { trigger, outcomes in
                trigger.fire("a")
                Emitted.other.emit(1)
                trigger.stop()
                let bytes = [UInt8](try Data(contentsOf: URL(filePath: try outcomes.first(1)[0].get().path)))
                #expect(try ReadSnapshot(bytes).words("other") == [1])
            }
        }

        @Test func moreThanOneAnIntervalAreCountedAndNotTaken() throws {
            try triggering(configuration(interval: .seconds(1000))) { trigger, outcomes in
                trigger.fire("a")
                _ = outcomes.first(1)
                for _ in 0..<5 { trigger.fire("b") }
                trigger.stop()
                #expect(outcomes.first(1).count == 1)
                #expect(trigger.status.fired == 6)
                #expect(trigger.status.suppressed == 5)
            }
        }

        @Test func oldestFilesBeyondTheBudgetAreDeletedAndOthersAreNot() throws {
            var configuration = configuration()
            configuration.maximumFiles = 3
            let foreign = directory + "/snapshot-notes.frec"
            #expect(FileManager.default.createFile(atPath: foreign, contents: Data([1])))
            try triggering(configuration) { trigger, outcomes in
                for step in 1...6 {
                    trigger.fire("r\(step)")
                    _ = outcomes.first(step)
                }
                let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
                #expect(names.count == 4)
                #expect(names.contains("snapshot-notes.frec"))
                #expect(names.filter { $0.hasSuffix("-r6.frec") }.count == 1)
                #expect(names.filter { $0.hasSuffix("-r3.frec") }.isEmpty)
            }
        }

        @Test func newestFileStaysEvenBeyondTheBudgetOfBytes() throws {
            var configuration = configuration()
            configuration.maximumBytes = 1
            try triggering(configuration) { trigger, outcomes in
                for step in 1...3 {
                    trigger.fire("r\(step)")
                    _ = outcomes.first(step)
                }
                let names = try FileManager.default.contentsOfDirectory(atPath: directory)
                #expect(names.count == 1 && names[0].hasSuffix("-r3.frec"))
            }
        }

        @Test func conditionFiresOnceUntilItWasFalseAgain() throws {
            try triggering(configuration()) { trigger, outcomes in
                let isTrue = Atomic<Bool>(false)
                let asked = Atomic<Int>(0)
                trigger.fire("condition", every: .milliseconds(1)) {
                    asked.add(1, ordering: .relaxed)
                    return isTrue.load(ordering: .relaxed)
                }
                func ask() {
                    let now = asked.load(ordering: .relaxed); while asked.load(ordering: .relaxed) < now + 3 {}
                }
                ask()
                #expect(trigger.status.fired == 0)
                isTrue.store(true, ordering: .relaxed)
                _ = outcomes.first(1)
                ask()
                #expect(trigger.status.fired == 1)
                isTrue.store(false, ordering: .relaxed)
                ask()
                isTrue.store(true, ordering: .relaxed)
                let reason = try outcomes.first(2)[1].get().reason
                #expect(reason == "condition")
            }
        }

        @Test func spanThatOutlastsItsLimitFiresOnceWhileItRuns() throws {
            try triggering(configuration()) { trigger, outcomes in
                trigger.fire(whenLongerThan: .milliseconds(2), Emitted.span)
                trigger.fire(whenLongerThan: .milliseconds(2), Emitted.task)
                // Short ones fire nothing, whenever the trigger looks.
                for _ in 0..<1000 { Emitted.span.measure {} }
                let before = trigger.status.fired
                Emitted.span.begin()
                let report = try outcomes.first(1)[0].get().report
                #expect(report.openSpans.count == 1)
                let span = Emitted.task.begin()
                _ = outcomes.first(2)
                Emitted.span.end()
                Emitted.task.end(span)
                #expect(before == 0)
                #expect(trigger.status.fired == 2)
            }
        }

        @Test func signalFiresAndTheProcessLives() throws {
            try triggering(configuration()) { trigger, outcomes in
                try trigger.fire(onSignal: SIGUSR2)
                #expect(throws: FlightRecorderError.system(call: "sigaction", code: EBUSY)) {
                    try trigger.fire(onSignal: SIGUSR2)
                }
                #expect(throws: FlightRecorderError.self) { try trigger.fire(onSignal: SIGKILL) }
                kill(getpid(), SIGUSR2)
                let reason = try outcomes.first(1)[0].get().reason
                #expect(reason == "signal-\(SIGUSR2)")
            }
        }

        @Test func signalGivenToATriggerThatHasEndedIsFreeAgain() throws {
            try triggering(configuration()) { ended, _ in
                ended.stop()
                try ended.fire(onSignal: SIGUSR2)
                var action = sigaction()
                sigaction(SIGUSR2, nil, &action)
                #expect(action.sa_flags & SA_SIGINFO == 0)
                let next = try SnapshotTrigger(ended.recorder, configuration: configuration())
                defer { next.stop() }
                try next.fire(onSignal: SIGUSR2)
            }
        }

        @Test func signalsThatAnInstructionRaisesAreRefused() throws {
            try triggering(configuration()) { trigger, _ in
                // Its handler returns to that instruction, for ever.
                for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE] {
                    #expect(throws: FlightRecorderError.system(call: "sigaction", code: EINVAL)) {
                        try trigger.fire(onSignal: signal)
                    }
                }
            }
        }

        @Test func handlerThatWasInstalledLaterStays() throws {
            defer { signal(SIGUSR2, SIG_DFL) }
            let handled = handledSignals.load(ordering: .relaxed)
            try triggering(configuration()) { trigger, _ in
                try trigger.fire(onSignal: SIGUSR2)
                process_support_on_signal(SIGUSR2, { _ in handledSignals.add(1, ordering: .relaxed) }, false)
                trigger.stop()
                kill(getpid(), SIGUSR2)
                while handledSignals.load(ordering: .relaxed) == handled { yieldProcessor() }
            }
        }

        /// What asks may be the program's own code, which may know the trigger.
        @Test func conditionMayLookAtTheTriggerAndFireIt() throws {
            try triggering(configuration()) { trigger, outcomes in
                trigger.fire("condition", every: .milliseconds(1)) { [weak trigger] in
                    guard let trigger, trigger.status.fired == 0 else { return false }
                    Emitted.other.emit(5)
                    trigger.fire("from within")
                    return false
                }
                let taken = try outcomes.first(1)[0].get()
                #expect(taken.reason == "from within")
                let bytes = [UInt8](try Data(contentsOf: URL(filePath: taken.path)))
                #expect(try ReadSnapshot(bytes).words("other") == [5])
            }
        }

        @Test func triggerWorksUntilItIsStoppedAlsoWhereNobodyHoldsIt() throws {
            let recorder = FlightRecorder(configuration: .init(maximumBytes: 1 << 20))
            for _ in 0..<50 {
                weak var trigger: SnapshotTrigger?
                func make() throws -> SnapshotTrigger { try SnapshotTrigger(recorder, configuration: configuration()) }
                trigger = try make()
                try #require(trigger).stop()
            }
        }

        @Test func intervalOfAllAgesLetsOneThrough() throws {
            try triggering(configuration(interval: .seconds(Int64.max))) { trigger, outcomes in
                trigger.fire("a")
                _ = outcomes.first(1)
                trigger.fire("b")
                #expect(trigger.status.suppressed == 1)
            }
        }

        @Test func whatIsWaitedForAllAgesIsTakenAtTheStop() throws {
            try triggering(configuration(after: .seconds(Int64.max))) { trigger, outcomes in
                let asked = Atomic<Int>(0)
                trigger.fire("never", every: .seconds(Int64.max)) {
                    asked.add(1, ordering: .relaxed)
                    return false
                }
                trigger.fire("a")
                trigger.fire("b")
                #expect(trigger.status.suppressed == 1)
                #expect(trigger.status.taken == 0)
                trigger.stop()
                #expect(outcomes.first(1).count == 1)
                #expect(asked.load(ordering: .relaxed) == 0)
            }
        }

        /// Files of a wall clock that was set back since.
        @Test func newestFileStaysAlsoWhereOthersHaveLaterNames() throws {
            var configuration = configuration()
            configuration.maximumFiles = 2
            for year in [2998, 2999] {
                let path = directory + "/snapshot-\(year)0101T000000.000000Z-future.frec"
                #expect(FileManager.default.createFile(atPath: path, contents: Data([1])))
            }
            try triggering(configuration) { trigger, outcomes in
                trigger.fire("now")
                let taken = try outcomes.first(1)[0].get()
                #expect(FileManager.default.fileExists(atPath: taken.path))
                #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 2)
            }
        }

        @Test func failureIsToldAndTheNextOneIsTaken() throws {
            try triggering(configuration()) { trigger, outcomes in
                trigger.recorder.stop()
                trigger.fire("off")
                #expect(throws: FlightRecorderError.notRecording) { try outcomes.first(1)[0].get() }
                #expect(trigger.status.failed == 1)
                try trigger.recorder.start()
                trigger.fire("on")
                let reason = try outcomes.first(2)[1].get().reason
                #expect(reason == "on")
            }
        }
    }
}
