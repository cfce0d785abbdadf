internal import TraceCore

/// The schemas, strings and lanes of several files under new numbers. Equal ones are one.
struct MergeTables {
    /// By an input's own number: the new one.
    struct Map {
        var schemas: [UInt16: UInt16] = [:]
        var strings: [UInt32: UInt32] = [:]
    }

    private(set) var schemas: [EventSchema] = []
    /// The number of each is its place, counted from 1.
    private(set) var strings: [String] = []

    private var maps: [Map] = []
    private var schemaIDs: [[EventSchema]: UInt16] = [:]
    private var stringNumbers: [String: UInt32] = [:]
    private var lanes: [[UInt32: UInt32]]
    private var nextLane: UInt32 = 0

    init(processCount: Int) { lanes = Array(repeating: [:], count: processCount) }

    func map(of input: Int) -> Map { maps[input] }

    func lane(_ lane: UInt32, _ process: Int) -> UInt32 { lanes[process][lane] ?? lane }

    /// False where there are too many schemas.
    mutating func add(_ index: TraceIndex, process: Int) -> Bool {
        var map = Map()
        for (number, text) in index.strings.sorted(by: { $0.key < $1.key }) {
            map.strings[number] = self.number(of: text)
        }
        for schema in index.schemas.values.sorted(by: { $0.id < $1.id }) where map.schemas[schema.id] == nil {
            // A begin and its end keep their places next to each other.
            var group = [schema]
            if schema.kind == .begin || schema.kind == .asyncBegin, schema.id < .max,
                let end = index.schemas[schema.id + 1],
                end.kind == (schema.kind == .begin ? .end : .asyncEnd)
            {
                group.append(end)
            }
            guard let id = self.id(of: group) else { return false }
            for place in group.indices { map.schemas[schema.id + UInt16(place)] = id + UInt16(place) }
        }
        for thread in index.allThreads where lanes[process][thread.lane] == nil {
            lanes[process][thread.lane] = nextLane
            nextLane += 1
        }
        for lane in index.generations.lazy.flatMap(\.lanes) where lanes[process][lane.lane] == nil {
            lanes[process][lane.lane] = nextLane
            nextLane += 1
        }
        maps.append(map)
        return true
    }

    private mutating func number(of text: String) -> UInt32 {
        if let number = stringNumbers[text] { return number }
        strings.append(text)
        stringNumbers[text] = UInt32(strings.count)
        return UInt32(strings.count)
    }

    private mutating func id(of group: [EventSchema]) -> UInt16? {
        let key = group.map { schema in
            var schema = schema
            schema.id = 0
            return schema
        }
        if let id = schemaIDs[key] { return id }
        guard schemas.count + group.count <= Int(UInt16.max) else { return nil }
        let id = UInt16(schemas.count + 1)
        for (place, schema) in key.enumerated() {
            var schema = schema
            schema.id = id + UInt16(place)
            schemas.append(schema)
        }
        schemaIDs[key] = id
        return id
    }
}
