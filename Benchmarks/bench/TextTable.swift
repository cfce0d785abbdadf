/// Aligned columns, each cell coloured after it is padded.
struct TextTable {
    struct Cell {
        var text: String
        var isNumber = false
        var ink = Ink.plain

        static func left(_ text: String, _ ink: Ink = .plain) -> Cell { Cell(text: text, ink: ink) }
        static func right(_ text: String, _ ink: Ink = .plain) -> Cell { Cell(text: text, isNumber: true, ink: ink) }
    }

    var rows: [[Cell]] = []
    /// Shared between tables that should line up.
    var widths: [Int] = []

    mutating func fit() {
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.text.count)
            }
        }
    }

    /// The columns' width with two spaces between them.
    var totalWidth: Int { widths.reduce(0, +) + 2 * max(widths.count - 1, 0) }

    func lines(indent: Int, _ style: Style) -> [String] {
        rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: max(widths[column] - cell.text.count, 0))
                let isLast = column == row.count - 1
                let padded = cell.isNumber ? padding + cell.text : cell.text + (isLast ? "" : padding)
                return style.paint(padded, cell.ink)
            }
            return String(repeating: " ", count: indent) + cells.joined(separator: "  ")
        }
    }
}
