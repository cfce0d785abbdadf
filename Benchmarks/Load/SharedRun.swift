package import Harness

/// A run that gives several figures, each of which is a contender: who asks first in a round has it made.
package final class SharedRun<Figure: Hashable> {
    private let run: (_ context: inout SampleContext) throws -> [Figure: Double]
    private var seed: UInt64?
    private var figures: [Figure: Double] = [:]
    private var taken: Set<Figure> = []

    /// - Parameter run: makes all figures, and throws where one of them is of work done wrongly.
    package init(_ run: @escaping (_ context: inout SampleContext) throws -> [Figure: Double]) { self.run = run }

    /// The figure of this round. Asked again, it is another round.
    package func sample(_ figure: Figure, _ context: inout SampleContext) throws -> Sample {
        if context.isCountingAllocations { return Sample(value: 0) }
        if seed != context.seed || !taken.insert(figure).inserted {
            figures = [:]
            figures = try run(&context)
            seed = context.seed
            taken = [figure]
        }
        guard let value = figures[figure] else {
            throw VerificationFailure("the run gave no such figure", at: "\(figure)", seed: context.seed)
        }
        return Sample(value: value)
    }
}

extension [Double] {
    /// Of an even number, the upper one of the two in the middle.
    package var median: Double { sorted()[count / 2] }
}
