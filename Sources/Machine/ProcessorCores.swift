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

/// The control group of this process, in version 1 or 2, as far as it limits the processor's time (`cgroups(7)`).
struct ControlGroup {
    /// Where the hierarchy is mounted.
    var root = "/sys/fs/cgroup"
    /// The file that says which group a process is in.
    var membership = "/proc/self/cgroup"

    /// Cores' worth of time that it and the groups around it leave; nil: no limit.
    var cores: Double? {
        let lines = ((try? String(contentsOfFile: membership, encoding: .utf8)) ?? "").split(separator: "\n")
        let limits = lines.flatMap { line -> [Double] in
            // hierarchy:controllers:path
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3 else { return [] }
            if fields[1].isEmpty { return groups(root, fields[2]).compactMap(quota) }
            guard fields[1].split(separator: ",").contains("cpu") else { return [] }
            return groups(root + "/" + fields[1], fields[2]).compactMap(legacyQuota)
                + (fields[1] == "cpu" ? [] : groups(root + "/cpu", fields[2]).compactMap(legacyQuota))
        }
        return limits.min()
    }

    /// The folders of a group and of all around it. In a container the path may be one of the machine outside, of which only the mount is there.
    private func groups(_ mount: String, _ path: String) -> [String] {
        var folders = [mount]
        for name in path.split(separator: "/") where name != ".." { folders.append(folders[folders.count - 1] + "/" + name) }
        return folders
    }

    private func quota(_ folder: String) -> Double? {
        guard let text = try? String(contentsOfFile: folder + "/cpu.max", encoding: .utf8) else { return nil }
        let numbers = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
        guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else { return nil }
        return quota / period
    }

    private func legacyQuota(_ folder: String) -> Double? {
        func number(_ name: String) -> Double? {
            (try? String(contentsOfFile: folder + "/" + name, encoding: .utf8)).flatMap {
                Double($0.trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }
        guard let quota = number("cpu.cfs_quota_us"), let period = number("cpu.cfs_period_us"), quota > 0, period > 0 else { return nil }
        return quota / period
    }
}
