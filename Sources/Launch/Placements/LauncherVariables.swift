import Foundation

/// Environment variables as launchers set them.
struct LauncherVariables {
    /// What one launcher's variables say.
    enum Reading {
        /// They are not there.
        case absent
        /// The job is one process.
        case alone
        /// One process of several.
        case placed(Placement)
    }

    private let values: [String: String]

    init(_ values: [String: String]) { self.values = values }

    /// A variable; one that is empty counts as absent.
    func text(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// The first of several variables that is there, with its name.
    func first(_ names: [String]) -> (name: String, text: String)? {
        for name in names {
            if let text = text(name) { return (name, text) }
        }
        return nil
    }

    /// A whole number; nil where the variable is absent.
    func number(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let bounds =
                range.upperBound == .max ? "a whole number from \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw LaunchError(.placement, at: name, "it is '\(text)'; it must be \(bounds)", remedy: "set it as the launcher does")
        }
        return number
    }

    /// A whole number of a variable that must be there. `because`: what says so.
    func needed(_ name: String, in range: ClosedRange<Int>, because reason: String) throws -> Int {
        guard let number = try number(name, in: range) else { throw missing(name, because: reason) }
        return number
    }

    /// The error for a variable that must be there.
    func missing(_ name: String, because reason: String) -> LaunchError {
        LaunchError(
            .placement, at: name, "it is not set, though \(reason)", remedy: "set all that the launcher sets, or none of it to train alone")
    }

    /// Rank and size, checked against each other.
    func rank(_ name: String, of sizeName: String, _ size: Int) throws -> Int {
        let rank = try needed(name, in: 0...Int.max, because: "\(sizeName) is \(size)")
        guard rank < size else {
            throw LaunchError(
                .placement, at: name, "it is \(rank), and \(sizeName) says that there are \(size)",
                remedy: "number the processes from 0 to \(size - 1)")
        }
        return rank
    }

    /// The port that was chosen, or else one that follows from the job's name, so that two jobs on one machine do not meet.
    func port(ofJob names: [String]) throws -> Int {
        if let port = try number("MASTER_PORT", in: 1...65535) { return port }
        let identity = names.compactMap { name in text(name).map { "\(name)=\($0)" } }
        return identity.isEmpty ? Placement.standardPort : JobPort.port(for: identity.joined(separator: "\n"))
    }

    /// The network interface that gloo's own variable names; of a list the first.
    var interface: String? {
        text("GLOO_SOCKET_IFNAME").flatMap { $0.split(separator: ",").first.map { $0.trimmingCharacters(in: .whitespaces) } }
    }
}

/// Ports that follow from a name.
enum JobPort {
    /// Below the ports that Linux gives to outgoing connections (32768 to 60999), which may be taken at any moment.
    static let range = 20000...32767

    /// The same port for the same name, on every machine: FNV-1a.
    static func port(for name: String) -> Int {
        let hash = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return range.lowerBound + Int(hash % UInt64(range.count))
    }
}
