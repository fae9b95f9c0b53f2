import Foundation

/// The control group of this process, in version 1 or 2, as far as it limits the processor's time and the memory (`cgroups(7)`).
struct ControlGroup {
    /// Where the hierarchy is mounted.
    var root = "/sys/fs/cgroup"
    /// The file that says which group a process is in.
    var membership = "/proc/self/cgroup"

    /// Cores' worth of time that it and the groups around it leave; nil: no limit.
    var cores: Double? { limits(of: "cpu", unified: quota, legacy: legacyQuota).min() }

    /// Bytes of memory that it and the groups around it leave; nil: no limit.
    var memory: Int? {
        let limits = limits(of: "memory") {
            number($0 + "/memory.max")
        } legacy: {
            number($0 + "/memory.limit_in_bytes")
        }
        // Version 1 writes the largest number of whole pages where there is no limit.
        return limits.filter { $0 < 0x1p62 }.min().map { Int($0) }
    }

    /// What the groups say, each in version 2's file or in version 1's of a controller.
    private func limits(
        of controller: String, unified: (_ folder: String) -> Double?, legacy: (_ folder: String) -> Double?
    ) -> [Double] {
        let lines = ((try? String(contentsOfFile: membership, encoding: .utf8)) ?? "").split(separator: "\n")
        return lines.flatMap { line -> [Double] in
            // hierarchy:controllers:path
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3 else { return [] }
            if fields[1].isEmpty { return groups(root, fields[2]).compactMap(unified) }
            guard fields[1].split(separator: ",").contains(Substring(controller)) else { return [] }
            return groups(root + "/" + fields[1], fields[2]).compactMap(legacy)
                + (fields[1] == controller ? [] : groups(root + "/" + controller, fields[2]).compactMap(legacy))
        }
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
        guard let quota = number(folder + "/cpu.cfs_quota_us"), let period = number(folder + "/cpu.cfs_period_us"), quota > 0, period > 0
        else { return nil }
        return quota / period
    }

    /// A file's only number; nil for `max`.
    private func number(_ path: String) -> Double? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
}
