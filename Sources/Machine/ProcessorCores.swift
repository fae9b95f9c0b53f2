import Foundation
import Glibc

/// The processor's cores as far as this process may use them.
///
/// A scheduler binds processes to some of a machine's cores, and a container's limit takes time away from all of them. More threads than that
/// wait for each other.
public enum ProcessorCores {
    /// Cores that this process may use, at least 1: those that it is bound to, and no more than a control group's quota of time allows.
    public static let available: Int = {
        let count = bound ?? ProcessInfo.processInfo.activeProcessorCount
        return max(1, min(count, ControlGroup().cores.map { Int($0.rounded(.up)) } ?? count))
    }()

    /// Whether this process is bound to a part of the machine's cores.
    public static var isBound: Bool { bound.map { $0 < sysconf(Int32(_SC_NPROCESSORS_ONLN)) } ?? false }

    /// The cores that the scheduler lets this process on; nil where the system does not say.
    private static var bound: Int? {
        (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)).flatMap(allowed(in:))
    }

    /// The number of cores in `proc(5)`'s `Cpus_allowed_list`, such as `0-3,8`.
    static func allowed(in status: String) -> Int? {
        let name = "Cpus_allowed_list:"
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
        var count = 0
        for range in line.dropFirst(name.count).trimmingCharacters(in: .whitespaces).split(separator: ",") {
            let ends = range.split(separator: "-").map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else { return nil }
            count += last - first + 1
        }
        return count > 0 ? count : nil
    }
}
