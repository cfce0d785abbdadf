import ArgumentParser
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
        for suite in Registry.suites + [Floors.self] {
            let only = suite.runsByDefault ? "" : " (runs only when named)"
            print(style.bold(suite.name) + "  " + suite.summary + style.dim(only))
            do {
                var table = TextTable()
                for (name, contenders) in Self.cases(try suite.contenders(options)) {
                    var seen: Set<String> = []
                    let strategies = contenders.map(\.strategy).filter { seen.insert($0).inserted }
                    table.rows.append([.left(name), .left(strategies.joined(separator: " "), .dim)])
                }
                table.fit()
                for line in table.lines(indent: 2, style) { print(line) }
            } catch let error as UnusableInput {
                print("  " + style.yellow("\(error)"))
            }
        }
    }

    private static func cases(_ contenders: [Contender]) -> [(String, [Contender])] {
        var order: [String] = []
        for contender in contenders where !order.contains(contender.case) { order.append(contender.case) }
        return order.map { name in (name, contenders.filter { $0.case == name }) }
    }
}
