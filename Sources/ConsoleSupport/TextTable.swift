/// Aligned columns, each cell coloured after it is padded.
package struct TextTable: Sendable {
    package struct Cell: Sendable {
        package var text: String
        package var isNumber = false
        package var ink = Ink.plain

        package static func left(_ text: String, _ ink: Ink = .plain) -> Cell { Cell(text: text, ink: ink) }
        package static func right(_ text: String, _ ink: Ink = .plain) -> Cell {
            Cell(text: text, isNumber: true, ink: ink)
        }
    }

    package init(rows: [[Cell]] = [], widths: [Int] = []) {
        self.rows = rows
        self.widths = widths
    }

    package var rows: [[Cell]] = []
    /// Shared between tables that should line up.
    package var widths: [Int] = []

    package mutating func fit() {
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.text.count)
            }
        }
    }

    /// The columns' width with two spaces between them.
    package var totalWidth: Int { widths.reduce(0, +) + 2 * max(widths.count - 1, 0) }

    package func lines(indent: Int, _ style: Style) -> [String] {
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
