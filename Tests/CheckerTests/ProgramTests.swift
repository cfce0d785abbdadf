import CheckedPrograms
import Checker
import Testing

/// The first runs of every program; `model-checker` makes all of them.
@Suite(.serialized) struct ProgramTests {
    @Test(arguments: Programs.all.map(\.part)) func runThatGoesWrong(_ part: String) {
        for program in Programs.all.first(where: { $0.part == part })!.programs {
            let verdict = Checker.explore(program, limit: 300)
            #expect(verdict.problems == [], "\(program.name): \(verdict.log.joined(separator: "\n"))")
            #expect(verdict.executions > 0, "\(program.name)")
        }
    }

    @Test func nameThatTwoProgramsHave() {
        let names = Programs.all.flatMap { $0.programs.map(\.name) }
        #expect(Set(names).count == names.count)
    }
}
