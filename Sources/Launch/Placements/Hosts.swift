import Foundation

/// Several hosts that are each started with the same command: a platform's training job, or a user's machines.
public struct Hosts: Sendable, Equatable {
    /// All hosts, in the order in which their ranks are numbered: the same on each.
    public let names: [String]
    /// Which of them this one is.
    public let index: Int
    /// Processes on each host.
    public let ranksPerHost: Int
    /// The TCP port on the first host where the ranks meet.
    public let port: Int
    /// The network interface to talk through; nil: whichever leads to the first host.
    public let interface: String?

    /// Hosts by their names, of which `current` is this one. One host is allowed, too: its ranks meet on the loopback.
    ///
    /// `place`: what errors call the list, such as a file and a field.
    /// - Throws: ``LaunchError`` where a name is empty or comes twice, `current` is none of them, or a number is out of range.
    public init(
        _ names: [String], current: String, ranksPerHost: Int = 1, port: Int = Placement.standardPort, interface: String? = nil,
        place: String = "hosts"
    ) throws {
        let list = names.joined(separator: ", ")
        for (index, name) in names.enumerated() {
            if name.isEmpty { throw LaunchError(.placement, at: place, "a name in '\(list)' is empty", remedy: "name every host") }
            if names[..<index].contains(name) {
                throw LaunchError(.placement, at: place, "'\(name)' is there twice", remedy: "name every host once")
            }
        }
        guard let index = names.firstIndex(of: current) else {
            throw LaunchError(
                .placement, at: place, "this host is '\(current)', and the list has \(list.isEmpty ? "no names" : "only \(list)")",
                remedy: "write this host's name as the list does")
        }
        guard (1...4096).contains(ranksPerHost) else {
            throw LaunchError(.placement, at: place, "\(ranksPerHost) ranks a host were asked for", remedy: "ask for 1 to 4096")
        }
        guard (1...65535).contains(port) else {
            throw LaunchError(.placement, at: place, "port \(port) was asked for", remedy: "choose one from 1 to 65535")
        }
        (self.names, self.index, self.ranksPerHost, self.port) = (names, index, ranksPerHost, port)
        self.interface = interface.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The placements of this host's ranks, by local rank. One alone with `size` 1 means that there is nothing to share.
    public var placements: [Placement] {
        (0..<ranksPerHost).map { local in
            var placement = Placement(
                rank: index * ranksPerHost + local, size: names.count * ranksPerHost, localRank: local, localSize: ranksPerHost,
                address: names.count == 1 ? Placement.loopback : names[0], port: port, host: names[index], launcher: .sightline)
            placement.interface = names.count == 1 ? nil : interface
            return placement
        }
    }

    /// Several processes on this machine alone, which meet at a port that is free now.
    /// - Throws: ``LaunchError`` where there is no free port, or the number is out of range.
    public static func here(ranks: Int, host: String = Placement.hostName) throws -> Hosts {
        try Hosts([host], current: host, ranksPerHost: ranks, port: FreePort.find(), place: "ranks")
    }
}

/// Ports that nobody listens on.
enum FreePort {
    /// One on the loopback that the kernel chooses. Another program may take it before it is used; the kernel gives it out again late.
    static func find() throws -> Int {
        func failed() -> LaunchError {
            LaunchError(
                .system, at: Placement.loopback, "no port is free (\(String(cString: strerror(errno))))",
                remedy: "end what listens there, or name one with --port")
        }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failed() }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let answer = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard answer else { throw failed() }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
