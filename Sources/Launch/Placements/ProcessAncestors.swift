import Foundation

/// The processes that this one descends from.
enum ProcessAncestors {
    /// The nearest that has a name, as the kernel keeps it (15 characters at most).
    static func first(named name: String) -> pid_t? {
        var process = getppid()
        // More than one above the other is rare, and a thousand a damaged /proc.
        for _ in 0..<1000 where process > 1 {
            // `<process> (<name>) <state> <parent> …`; the name may hold anything.
            guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return nil }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let begin = text.firstIndex(of: "("), let end = text.lastIndex(of: ")"), begin < end else { return nil }
            if text[text.index(after: begin)..<end] == name { return process }
            let rest = text[text.index(after: end)...].split(separator: " ")
            guard rest.count > 1, let parent = pid_t(rest[1]) else { return nil }
            process = parent
        }
        return nil
    }
}
