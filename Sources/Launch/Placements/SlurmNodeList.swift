/// Slurm's short ways of writing lists.
///
/// Source: `scontrol(1)`, "show hostnames"; `sbatch(1)`, SLURM_TASKS_PER_NODE.
enum SlurmNodeList {
    /// More than any cluster has: a damaged list must not fill the memory.
    private static let limit = 100_000

    /// Names of nodes: `gpu[01-04,7],login` is gpu01, gpu02, gpu03, gpu04, gpu7, login. Nil where it is no such list.
    static func names(in list: String) -> [String]? {
        var names: [String] = []
        // A list has items, an item has parts: texts, and brackets with the texts that may stand there.
        var item = [""]
        var rest = Substring(list)
        while let character = rest.popFirst() {
            switch character {
            case ",":
                guard item.allSatisfy({ !$0.isEmpty }) else { return nil }
                names += item
                item = [""]
            case "[":
                guard let end = rest.firstIndex(of: "]"), let choices = numbers(in: rest[..<end]), item.count * choices.count <= limit
                else {
                    return nil
                }
                item = item.flatMap { start in choices.map { start + $0 } }
                rest = rest[rest.index(after: end)...]
            case "]": return nil
            default: for index in item.indices { item[index].append(character) }
            }
            if names.count > limit { return nil }
        }
        guard item.allSatisfy({ !$0.isEmpty }) else { return nil }
        return names + item
    }

    /// What a bracket holds: `01-04,7`. Zeros in front are part of the name.
    private static func numbers(in text: Substring) -> [String]? {
        var all: [String] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard (1...2).contains(ends.count), let first = Int(ends[0]), let last = Int(ends[ends.count - 1]), first >= 0, first <= last,
                last - first < limit
            else { return nil }
            all += (first...last).map { number in
                let digits = String(number)
                return String(repeating: "0", count: max(0, ends[0].count - digits.count)) + digits
            }
        }
        return all.count <= limit ? all : nil
    }

    /// Numbers, one a node: `4(x2),3` is 4, 4, 3. Nil where it is no such list.
    static func counts(in list: String) -> [Int]? {
        var counts: [Int] = []
        for part in list.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "(", omittingEmptySubsequences: false)
            guard let count = Int(pieces[0]), count >= 0 else { return nil }
            switch pieces.count {
            case 1: counts.append(count)
            case 2:
                guard pieces[1].hasPrefix("x"), pieces[1].hasSuffix(")"), let times = Int(pieces[1].dropFirst().dropLast()),
                    (1...limit).contains(times), counts.count + times <= limit
                else { return nil }
                counts += [Int](repeating: count, count: times)
            default: return nil
            }
        }
        return counts
    }
}
