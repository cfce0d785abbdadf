#if DEBUG
    import Harness

    /// A contest whose outcome is known: for tests of the command line.
    enum SelfTest: Suite {
        static let name = "selftest"
        static let summary = "a contest whose outcome is known"
        static let runsByDefault = false

        static func contenders(_ options: SuiteOptions) -> [Contender] {
            [
                contender("quick", .library, 2, sound: true), contender("slow", .strategy, 6, sound: true),
                contender("wrong", .strategy, 1, sound: false),
            ]
        }

        static func floors(of case: String) -> [FloorCase] { [.clockRead] }

        private static func contender(_ name: String, _ origin: Origin, _ value: Double, sound: Bool) -> Contender {
            Contender(
                suite: Self.name, case: "known", strategy: name, origin: origin, parameters: ["capacity": 8],
                unit: .nanosecondsPerOperation
            ) { context in
                if !sound { throw VerificationFailure("item 7 came twice", at: "item 8", seed: context.seed) }
                return Sample(value: value)
            }
        }
    }
#endif
