import Foundation

/// The memory that this process may have.
public struct MachineMemory: Sendable, Equatable {
    /// Bytes that this process may hold: the control group's limit, or the machine's memory; nil where the system does not say.
    public let available: Int?
    /// Bytes that nobody needs now, on the whole machine; nil where the system does not say.
    public let free: Int?
    /// Whether a control group limits it below what the machine has.
    public let isLimited: Bool

    /// Looks below `root` (`proc(5)`, `cgroups(7)`).
    public init(root: String = "/") {
        func text(_ path: String) -> String? { try? String(contentsOfFile: root + path, encoding: .utf8) }
        let lines = text("proc/meminfo")?.split(separator: "\n") ?? []
        func kilobytes(_ name: String) -> Int? {
            lines.first { $0.hasPrefix(name + ":") }?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        }
        let machine = kilobytes("MemTotal").map { $0 * 1024 }
        let group = ["sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"].lazy
            .compactMap { text($0)?.trimmingCharacters(in: .whitespacesAndNewlines) }.compactMap { Int($0) }.first
        free = kilobytes("MemAvailable").map { $0 * 1024 }
        available = machine.map { min($0, group ?? $0) } ?? group
        isLimited = group.map { $0 < machine ?? .max } ?? false
    }
}
