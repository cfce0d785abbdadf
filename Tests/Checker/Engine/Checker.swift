internal import Synchronization

/// Some threads over something that they share, made anew for each run.
package struct Program: Sendable {
    package struct Run {
        var threads: [(name: String, body: () -> Void)]
        var finish: () -> Void

        /// - Parameter finish: looks at what is left, after all threads have ended.
        package init(_ threads: [(name: String, body: () -> Void)], finish: @escaping () -> Void = {}) {
            self.threads = threads
            self.finish = finish
        }
    }

    package let name: String
    let hasEqualFences: Bool
    let make: @Sendable (Machine) -> Run

    /// - Parameter hasEqualFences: runs on a system where light fences are fences, as its name then says.
    package init(
        _ name: String, hasEqualFences: Bool = false, _ make: @escaping @Sendable (Machine) -> Run
    ) {
        self.name = hasEqualFences ? "\(name), equal fences" : name
        self.hasEqualFences = hasEqualFences
        self.make = make
    }
}

/// What a check found.
package struct Verdict: Sendable {
    /// Runs to their end.
    package var executions = 0
    /// Runs that were cut off, since the rest was known.
    package var cutOff = 0
    /// Whether all runs were made that differ in something.
    package var isExhaustive = false
    /// Steps of the longest.
    package var longest = 0
    package var problems: [String] = []
    /// The decisions of the run that went wrong.
    package var schedule: [Int] = []
    /// Its steps.
    package var log: [String] = []

    package init() {}
}

/// Runs a program in every way that C11's memory model allows, or in many of them.
package enum Checker {
    private static let lock = Mutex(())

    /// Every run that differs from all others, up to a number of them.
    ///
    /// - Parameters:
    ///   - stepLimit: steps of one thread beyond which it is taken to go on for ever.
    ///   - progress: gets the number of runs so far, now and then.
    package static func explore(
        _ program: Program, limit: Int, stepLimit: Int = 2000, progress: ((Int) -> Void)? = nil
    ) -> Verdict {
        lock.withLock { _ in search(program, Search(.everything, stepLimit: stepLimit), limit, progress) }
    }

    /// Every order of every step, however little they differ: for tests of ``explore(_:limit:stepLimit:progress:)``.
    package static func exploreEveryOrder(_ program: Program, limit: Int) -> Verdict {
        lock.withLock { _ in search(program, Search(.everyOrder, stepLimit: 2000), limit, nil) }
    }

    /// Runs in which the seed decides.
    package static func sample(
        _ program: Program, seed: UInt64, count: Int, stepLimit: Int = 2000, progress: ((Int) -> Void)? = nil
    ) -> Verdict {
        lock.withLock { _ in search(program, Search(.random(seed: seed), stepLimit: stepLimit), count, progress) }
    }

    private static func search(
        _ program: Program, _ search: Search, _ limit: Int, _ progress: ((Int) -> Void)?
    ) -> Verdict {
        let machine = Machine.shared
        machine.search = search
        machine.log = nil
        var verdict = Verdict()
        repeat {
            run(program, machine, search)
            if search.wasCutOff { verdict.cutOff += 1 } else { verdict.executions += 1 }
            verdict.longest = max(verdict.longest, Int(search.position) + 1)
            if !machine.problems.isEmpty {
                verdict.problems = machine.problems
                verdict.schedule = search.schedule
                verdict.log = replay(program, machine, verdict.schedule, stepLimit: search.stepLimit)
                return verdict
            }
            if (verdict.executions + verdict.cutOff) % 10_000 == 0 { progress?(verdict.executions) }
            if verdict.executions + verdict.cutOff >= limit { return verdict }
        } while search.advance()
        verdict.isExhaustive = true
        return verdict
    }

    private static func run(_ program: Program, _ machine: Machine, _ search: Search) {
        search.begin()
        machine.begin()
        machine.hasEqualFences = program.hasEqualFences
        let run = program.make(machine)
        machine.run(run.threads)
        if !search.isAbandoned { run.finish() }
    }

    private static func replay(
        _ program: Program, _ machine: Machine, _ schedule: [Int], stepLimit: Int
    ) -> [String] {
        let search = Search(.everything, stepLimit: stepLimit)
        search.follow(schedule)
        machine.search = search
        machine.log = []
        run(program, machine, search)
        defer { machine.log = nil }
        return machine.log!
    }
}
