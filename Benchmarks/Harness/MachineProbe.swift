import Foundation

extension Machine {
    /// The machine this process runs on. Calibrates the clock when first asked.
    public static func current() -> Machine {
        Machine(
            cpu: cpuName(), cores: max(Processors.allowed.count, 1), kernel: kernelName(),
            memoryBytes: ProcessInfo.processInfo.physicalMemory, clock: Ticks.name,
            ticksPerSecond: UInt64(Ticks.perSecond.rounded()), allocator: allocatorName())
    }

    private static func cpuName() -> String {
        #if os(Linux)
            let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
            func field(_ name: String) -> String? {
                let line = info.split(separator: "\n").first { $0.hasPrefix(name + "\t") }
                return line?.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
            }
            guard let model = field("model name") else { return "unknown" }
            // Under a hypervisor the name may say no more than "AMD EPYC"; family and model tell the generation.
            guard let family = field("cpu family"), let number = field("model") else { return model }
            return "\(model) (family \(family), model \(number))"
        #else
            var bytes = [CChar](repeating: 0, count: 256)
            var size = bytes.count
            guard sysctlbyname("machdep.cpu.brand_string", &bytes, &size, nil, 0) == 0 else { return "unknown" }
            return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        #endif
    }

    private static func kernelName() -> String {
        var names = utsname()
        guard uname(&names) == 0 else { return "unknown" }
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(names.sysname)) \(text(names.release)) \(text(names.machine))"
    }

    private static func allocatorName() -> String {
        if let version = AllocationCounter.shared?.version() { return "jemalloc \(version)" }
        #if canImport(Glibc)
            var bytes = [CChar](repeating: 0, count: 64)
            guard confstr(Int32(_CS_GNU_LIBC_VERSION), &bytes, bytes.count) > 0 else { return "glibc" }
            return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        #else
            return "system"
        #endif
    }

    /// Whether figures of the two may be set side by side.
    public func isSame(as other: Machine) -> Bool {
        cpu == other.cpu && cores == other.cores && memoryBytes == other.memoryBytes && clock == other.clock
    }
}

/// What built this benchmark.
public enum Build {
    /// "release", or "debug".
    public static let configuration: String = {
        #if DEBUG
            "debug"
        #else
            "release"
        #endif
    }()

    /// The compiler's version. A program cannot ask for it, only test against known ones.
    public static let swiftVersion: String = {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3.2)
            "6.3.2 or later"
        #elseif compiler(>=6.3.1)
            "6.3.1"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }()
}
