import Foundation
import Synchronization
import Testing

@testable import Launch

@Suite("Hosts and their names")
struct HostsTests {
    @Test("Ranks are numbered host after host, and each host's placements are its own part")
    func ranks() throws {
        let names = ["algo-1", "algo-2", "algo-3"]
        var seen: [Int] = []
        for name in names {
            let hosts = try Hosts(names, current: name, ranksPerHost: 2, interface: "eth1")
            for (local, placement) in hosts.placements.enumerated() {
                #expect(placement.localRank == local && placement.localSize == 2 && placement.size == 6)
                #expect(placement.address == "algo-1" && placement.port == 29400 && placement.interface == "eth1")
                #expect(placement.host == name && !placement.storeIsServed)
                seen.append(placement.rank)
            }
        }
        #expect(seen == Array(0..<6))
    }

    @Test("Ranks of one machine meet on the loopback, at a port that is free")
    func here() throws {
        let first = try Hosts.here(ranks: 3)
        #expect(first.placements.map(\.rank) == [0, 1, 2])
        #expect(first.placements.allSatisfy { $0.address == "127.0.0.1" && $0.port == first.port && $0.size == 3 })
        #expect((1024...65535).contains(first.port))
    }

    @Test(
        "Names that come twice, are empty or leave this host out are errors that name the list",
        arguments: [(["a", "a"], "a", "twice"), (["a", ""], "a", "empty"), (["a", "b"], "c", "'c'"), ([], "c", "no names")])
    func refused(names: [String], current: String, words: String) {
        #expect {
            try Hosts(names, current: current, place: "resourceconfig.json: hosts")
        } throws: { error in
            "\(error)".hasPrefix("resourceconfig.json: hosts: ") && "\(error)".contains(words)
        }
    }

    @Test("Numbers out of range are errors", arguments: [(0, 1), (5000, 1), (1, 0), (1, 65536)])
    func numbers(ranks: Int, port: Int) {
        #expect(throws: LaunchError.self) { try Hosts(["a"], current: "a", ranksPerHost: ranks, port: port) }
    }

    @Test("An address is its own name, and this machine has one")
    func resolved() throws {
        #expect(try NameResolution.waitFor("127.0.0.1", timeout: .zero) == "127.0.0.1")
        #expect(try NameResolution.waitFor("::1", timeout: .zero) == "::1")
        #expect(try NameResolution.waitFor("localhost", timeout: .seconds(5)) == "127.0.0.1")
    }

    @Test("A name that stays unknown is an error that names it and says how long was waited")
    func unknown() {
        #expect {
            try NameResolution.waitFor("no-such-host.invalid", timeout: .milliseconds(300))
        } throws: { error in
            (error as? LaunchError)?.kind == .unreachable && "\(error)".contains("no-such-host.invalid") && "\(error)".contains(" s (")
        }
    }

    @Test("Waiting for a name ends when it is told to")
    func stopped() {
        let start = ContinuousClock.now
        #expect {
            try NameResolution.waitFor("no-such-host.invalid", shouldStop: { start.duration(to: .now) > .milliseconds(50) })
        } throws: { ($0 as? LaunchError)?.kind == .cancelled }
    }
}
