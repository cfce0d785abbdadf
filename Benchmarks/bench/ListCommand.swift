import ArgumentParser
import ConsoleSupport
import Harness

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench list", abstract: "Lists suites, their cases, and the strategies that compete in each.")

    @Option(help: ArgumentHelp("Data for suites that read a file.", valueName: "file"))
    var input: String?

    @Flag(help: "No colours.")
    var noColor = false

    func run() throws {
        let style = Style(noColor: noColor)
        let options = SuiteOptions(input: input)
        do {
            // All before the first line is printed: an input that cannot be used gives an error alone.
            let lines = try (Registry.suites + [Floors.self]).flatMap { try Self.lines($0, options, style) }
            print(lines.joined(separator: "\n"))
        } catch let error as UnusableInput {
            throw UsageError("\(error)")
        }
    }

    private static func lines(_ suite: any Suite.Type, _ options: SuiteOptions, _ style: Style) throws -> [String] {
        var table = TextTable()
        for (name, contenders) in cases(try suite.contenders(options)) {
            var seen: Set<String> = []
            let strategies = contenders.map(\.strategy).filter { seen.insert($0).inserted }
            table.rows.append([.left(name), .left(strategies.joined(separator: " "), .dim)])
        }
        table.fit()
        let only = suite.runsByDefault ? "" : " (runs only when named)"
        return [style.bold(suite.name) + "  " + suite.summary + style.dim(only)] + table.lines(indent: 2, style)
            + suite.lacks(options).map { "  " + style.dim($0) }
    }

    private static func cases(_ contenders: [Contender]) -> [(String, [Contender])] {
        var order: [String] = []
        for contender in contenders where !order.contains(contender.case) { order.append(contender.case) }
        return order.map { name in (name, contenders.filter { $0.case == name }) }
    }
}
