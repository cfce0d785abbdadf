import Foundation

package enum ThreadTimes {
    /// Processor time, in nanoseconds, of this process's threads of a name, those that have ended left out.
    package static func nanoseconds(named name: String) -> UInt64 {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return tasks.reduce(0) { sum, task in
            let path = "/proc/self/task/\(task)/"
            guard let found = try? String(contentsOfFile: path + "comm", encoding: .utf8),
                found.trimmingCharacters(in: .whitespacesAndNewlines) == name,
                let times = try? String(contentsOfFile: path + "schedstat", encoding: .utf8),
                let first = times.split(separator: " ").first, let nanoseconds = UInt64(first)
            else { return sum }
            return sum + nanoseconds
        }
    }
}
