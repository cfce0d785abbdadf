// The keys of the result JSON are a contract with whoever reads committed results. Optional values are written as null
// and have to be there when read: a file that lacks a key is not ours.

extension Report: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case schema, startedAt, command, commit, configuration, swift, machine, floor, rows
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let schema = try container.decode(Int.self, forKey: .schema)
        guard schema == Self.schema else {
            throw DecodingError.dataCorruptedError(
                forKey: .schema, in: container, debugDescription: "schema \(schema) is not known, only \(Self.schema)")
        }
        startedAt = try container.decode(String.self, forKey: .startedAt)
        command = try container.decode(String.self, forKey: .command)
        commit = try container.decode(String?.self, forKey: .commit)
        configuration = try container.decode(String.self, forKey: .configuration)
        swift = try container.decode(String.self, forKey: .swift)
        machine = try container.decode(Machine.self, forKey: .machine)
        floor = try container.decode(Floor.self, forKey: .floor)
        rows = try container.decode([Row].self, forKey: .rows)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.schema, forKey: .schema)
        try container.encode(startedAt, forKey: .startedAt)
        try container.encode(command, forKey: .command)
        try container.encode(commit, forKey: .commit)
        try container.encode(configuration, forKey: .configuration)
        try container.encode(swift, forKey: .swift)
        try container.encode(machine, forKey: .machine)
        try container.encode(floor, forKey: .floor)
        try container.encode(rows, forKey: .rows)
    }
}

extension Floor: Codable {
    enum CodingKeys: String, CodingKey {
        case clockReadNs, store16Ns, pingPongNs, streamGBps
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        clockReadNs = try container.decode(Double?.self, forKey: .clockReadNs)
        store16Ns = try container.decode(Double?.self, forKey: .store16Ns)
        pingPongNs = try container.decode(Double?.self, forKey: .pingPongNs)
        streamGBps = try container.decode(Double?.self, forKey: .streamGBps)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(clockReadNs, forKey: .clockReadNs)
        try container.encode(store16Ns, forKey: .store16Ns)
        try container.encode(pingPongNs, forKey: .pingPongNs)
        try container.encode(streamGBps, forKey: .streamGBps)
    }
}

extension Row: Codable {
    enum CodingKeys: String, CodingKey {
        case suite, `case`, strategy, origin, parameters, unit, better, median, p10, p90, count, regime, canaryNs
        case verified, allocationsPerOperation, counts
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        suite = try container.decode(String.self, forKey: .suite)
        `case` = try container.decode(String.self, forKey: .case)
        strategy = try container.decode(String.self, forKey: .strategy)
        origin = try container.decode(Origin.self, forKey: .origin)
        parameters = try container.decode([String: ParameterValue].self, forKey: .parameters)
        unit = try container.decode(ResultUnit.self, forKey: .unit)
        better = try container.decode(Better.self, forKey: .better)
        spread = Spread(
            median: try container.decode(Double.self, forKey: .median),
            p10: try container.decode(Double.self, forKey: .p10),
            p90: try container.decode(Double.self, forKey: .p90),
            count: try container.decode(Int.self, forKey: .count))
        regime = try container.decode(Regime?.self, forKey: .regime)
        canaryNs = try container.decode(Double?.self, forKey: .canaryNs)
        verified = try container.decode(Bool.self, forKey: .verified)
        allocationsPerOperation = try container.decode(Double?.self, forKey: .allocationsPerOperation)
        counts = try container.decodeIfPresent([String: Int].self, forKey: .counts)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(suite, forKey: .suite)
        try container.encode(`case`, forKey: .case)
        try container.encode(strategy, forKey: .strategy)
        try container.encode(origin, forKey: .origin)
        try container.encode(parameters, forKey: .parameters)
        try container.encode(unit, forKey: .unit)
        try container.encode(better, forKey: .better)
        try container.encode(spread.median, forKey: .median)
        try container.encode(spread.p10, forKey: .p10)
        try container.encode(spread.p90, forKey: .p90)
        try container.encode(spread.count, forKey: .count)
        try container.encode(regime, forKey: .regime)
        try container.encode(canaryNs, forKey: .canaryNs)
        try container.encode(verified, forKey: .verified)
        try container.encode(allocationsPerOperation, forKey: .allocationsPerOperation)
        try container.encodeIfPresent(counts, forKey: .counts)
    }
}

extension ParameterValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Int.self) {
            self = .int(value)
        } else {
            self = .string(try container.decode(String.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .int(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        }
    }
}
