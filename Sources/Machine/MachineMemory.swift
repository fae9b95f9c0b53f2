import Foundation

/// The memory that this process may have.
public struct MachineMemory: Sendable, Equatable {
    /// Bytes that this process may hold: the control group's limit, or the machine's memory; nil where the system does not say.
    public let available: Int?
    /// Bytes that nobody needs now, on the whole machine; nil where the system does not say.
    public let free: Int?
    /// Whether a control group limits it below what the machine has.
    public let isLimited: Bool

    /// Looks (`proc(5)`, `cgroups(7)`).
    public init() { self.init(facts: "/proc/meminfo", group: ControlGroup()) }

    init(facts: String, group: ControlGroup) {
        let lines = ((try? String(contentsOfFile: facts, encoding: .utf8)) ?? "").split(separator: "\n")
        func bytes(_ name: String) -> Int? {
            lines.first { $0.hasPrefix(name + ":") }?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
        }
        let (machine, limit) = (bytes("MemTotal"), group.memory)
        free = bytes("MemAvailable")
        available = machine.map { min($0, limit ?? $0) } ?? limit
        isLimited = limit.map { $0 < machine ?? .max } ?? false
    }
}
