import Glibc
import TraceCore

/// What recovery found, held against what writers have acknowledged.
struct Verdict: Encodable {
    /// Kills, or stops.
    var kills = 0
    var records = 0
    var acknowledged = 0
    var lost = 0
    var torn = 0
    var duplicated = 0
    var invented = 0
    /// Other faults, such as a file that cannot be read.
    var broken = 0
    var examples: [String] = []

    var faults: Int { lost + torn + duplicated + invented + broken }

    mutating func note(_ example: @autoclosure () -> String) { if examples.count < 10 { examples.append(example()) } }

    static func + (a: Verdict, b: Verdict) -> Verdict {
        Verdict(
            kills: a.kills + b.kills, records: a.records + b.records, acknowledged: a.acknowledged + b.acknowledged,
            lost: a.lost + b.lost, torn: a.torn + b.torn, duplicated: a.duplicated + b.duplicated,
            invented: a.invented + b.invented, broken: a.broken + b.broken,
            examples: Array((a.examples + b.examples).prefix(10)))
    }

    /// Recovers the file of a child that was killed, and checks each record.
    ///
    /// An acknowledged record has to be found as long as its page cannot have been claimed again: a page is not claimed before
    /// half an arena of pages was claimed after its seal.
    /// - Parameter owner: the process that has to hold the file.
    mutating func check(_ path: String, _ board: Board, what: String, owner: Int32? = nil) {
        let trace: RecoveredTrace
        let window: UInt64
        let hand: UInt64
        do {
            (trace, window, hand) = try Self.recover(path)
        } catch {
            // Killed before the file had its name, which it gets with nothing written.
            if board.stage == 0, (error as? FileError)?.reason == .failed(call: "open", code: ENOENT) { return }
            broken += 1
            note("\(what): \(error)")
            return
        }
        if trace.owner != owner {
            broken += 1
            note("\(what): held by \(trace.owner as Any) instead of \(owner as Any)")
        }
        for problem in trace.problems {
            torn += 1
            note("\(what): \(problem)")
        }
        var found: [Int: Set<UInt64>] = [:]
        var last: [Int: (sequence: UInt64, index: UInt64)] = [:]
        trace.visitBatches { batch, bytes in
            do {
                var cursor = RecordCursor(batch)
                let shapes = ShapeTable(trace.schemas)
                while let record = try cursor.next(in: bytes, shapes) {
                    records += 1
                    guard let word = Self.word(of: record, in: bytes) else {
                        torn += 1
                        note("\(what): a record that was not written so, at index \(record.index)")
                        continue
                    }
                    let (writer, sequence) = (Payload.writer(word), Payload.sequence(word))
                    guard (0..<Board.writers).contains(writer), sequence > 0, sequence <= board.begun(writer) else {
                        invented += 1
                        note("\(what): record \(sequence) of writer \(writer)")
                        continue
                    }
                    if !found[writer, default: []].insert(sequence).inserted {
                        duplicated += 1
                        note("\(what): record \(sequence) of writer \(writer) twice")
                    }
                    if let last = last[writer], record.index &- last.index != sequence &- last.sequence {
                        torn += 1
                        note("\(what): writer \(writer): \(last) before (\(sequence), \(record.index))")
                    }
                    last[writer] = (sequence, record.index)
                }
            } catch {
                torn += 1
                note("\(what): \(error)")
            }
        }
        for writer in 0..<Board.writers {
            let newest = board.acknowledged(writer)
            acknowledged += Int(newest)
            var sequence = newest
            let oldest = newest > UInt64(Board.remembered) ? newest - UInt64(Board.remembered) : 0
            while sequence > oldest, hand &- board.hand(writer, sequence) < window {
                if found[writer]?.contains(sequence) != true {
                    lost += 1
                    note("\(what): record \(sequence) of writer \(writer), of \(newest) acknowledged")
                }
                sequence -= 1
            }
        }
    }

    /// What is there, for how many claims a page is safe behind its seal, and how many claims there were.
    private static func recover(_ path: String) throws -> (RecoveredTrace, window: UInt64, hand: UInt64) {
        let image = try ArenaImage(path: path)
        return (try image.recover(), UInt64(image.geometry.pageCount / 2), image.hand)
    }

    private static func word(of record: Record, in bytes: RawSpan) -> UInt64? {
        let word = record.words.0
        switch record.shape {
        case .three: return record.words.1 == ~word && record.words.2 == word &* 7 ? word : nil
        case .wide:
            var fields = record.wideFields
            guard let word = try? fields.number(in: bytes), let text = try? fields.text(in: bytes),
                let check = try? fields.number(in: bytes), fields.isEmpty, check == ~word
            else { return nil }
            let isWhole = bytes.extracting(text.range).withUnsafeBytes { $0.elementsEqual(Payload.text(word)) }
            return isWhole ? word : nil
        default: return nil
        }
    }
}
