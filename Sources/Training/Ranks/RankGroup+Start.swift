import Foundation
import Glibc
import Launch
import Torch

/// How processes find each other.
extension RankGroup {
    /// How long they wait for each other, in seconds: platforms do not start hosts at once.
    static let longestStart = 600.0

    /// How long they may take to connect to each other once all are there, in seconds.
    static let longestConnecting = 120.0

    /// How long a new process waits for the end of a job whose process of the same number was lost: as long as that job may need to notice.
    static let longestEnd = 60.0

    /// Serves the store, or connects to the process that does, which may come later; answers its address, too.
    static func meet(_ placement: Placement, prefix: String) throws -> (store: KeyStore, address: String) {
        let end = ContinuousClock.now + .seconds(longestEnd)
        while true {
            let (store, address) = try connect(placement, prefix: prefix)
            // A number that is taken belongs to a process that this one replaces: the store will go, and its successor come. Or to a mistake.
            if (try? store.add(1, to: claim(placement))) == 1 { return (store, address) }
            guard ContinuousClock.now < end else {
                throw TrainingError(
                    .ranks,
                    "Another process is rank \(placement.rank) of the job at \(placement.address) port \(placement.port) already. Give each process another number (--host, RANK), or each job another port (--port, MASTER_PORT)."
                )
            }
            try checkStop()
            Thread.sleep(forTimeInterval: 1)
        }
    }

    private static func connect(_ placement: Placement, prefix: String) throws -> (store: KeyStore, address: String) {
        let (port, end) = (placement.port, ContinuousClock.now + .seconds(longestStart))
        while true {
            // A host that is started again may have another address.
            let address = try NameResolution.waitFor(placement.address, timeout: .seconds(longestStart)) { Interruption.isRequested }
            guard placement.rank > 0 || placement.storeIsServed else {
                do {
                    return (try KeyStore(host: address, port: port, serves: true, seconds: longestStart, prefix: prefix), address)
                } catch {
                    throw TrainingError(
                        .ranks,
                        "Port \(port), where the processes are to meet, can't be opened. Another job may hold it; choose another one (--port, MASTER_PORT)."
                    )
                }
            }
            do {
                // A try can't be interrupted.
                let store = try KeyStore(host: address, port: port, serves: false, seconds: longestStart, connecting: 3, prefix: prefix)
                return (store, address)
            } catch {
                try checkStop()
                guard ContinuousClock.now < end else {
                    throw TrainingError(
                        .ranks,
                        "\(placement.address) port \(port), where the processes are to meet, was not reached in \(Int(longestStart)) seconds: \(error)"
                    )
                }
                Thread.sleep(forTimeInterval: 0.2)
            }
        }
    }

    private static func claim(_ placement: Placement) -> String { "claim/\(placement.rank)" }

    /// Waits for all others; answers what each is called, and over which network device this one talks to them.
    static func assemble(
        _ store: KeyStore, _ placement: Placement, address: String
    ) throws -> (names: [String], device: ProcessGroup.NetworkDevice?) {
        do {
            return (try awaitAll(store, placement), try device(store, placement, address: address))
        } catch {
            // Whoever comes in this one's place finds its number free.
            _ = try? store.add(-1, to: claim(placement))
            throw error
        }
    }

    private static func device(_ store: KeyStore, _ placement: Placement, address: String) throws -> ProcessGroup.NetworkDevice? {
        let own = NetworkPath.ownAddress(towards: address, port: placement.port)
        let none = "none"
        try store.set("address/\(placement.rank)", own ?? none)
        if let interface = placement.interface, if_nametoindex(interface) > 0 { return .interface(interface) }
        guard let own else { return nil }
        guard NetworkPath.isLoopback(own), placement.localSize < placement.size else { return .address(own) }
        // The host where they meet calls itself by a loopback address, as Debian's /etc/hosts has it: others reach it by another one.
        for other in 0..<placement.size where other != placement.rank {
            let address = try store.value(of: "address/\(other)", within: longestConnecting)
            guard address != none, !NetworkPath.isLoopback(address) else { continue }
            if let way = NetworkPath.ownAddress(towards: address, port: placement.port) { return .address(way) }
        }
        return .address(own)
    }

    /// Connects to the others, for each kind of work by itself; while `watch` sees whether one is gone.
    static func connect(
        _ store: KeyStore, _ placement: Placement, _ device: ProcessGroup.NetworkDevice?, _ watch: RankWatch
    ) throws -> (control: ProcessGroup, gradients: ProcessGroup, statistics: ProcessGroup, hosts: (count: Int, index: Int)) {
        func group(_ name: String) throws -> ProcessGroup {
            try ProcessGroup(
                store: store, name: name, rank: placement.rank, size: placement.size, device: device, connecting: longestConnecting,
                seconds: longestCall)
        }
        do {
            let control = try group("control")
            return (control, try group("gradients"), try group("statistics"), try hosts(control, placement))
        } catch {
            guard watch.claimsEnding() else { waitForEnd() }
            defer { watch.stop() }
            if let reason = watch.reason(within: 5) { throw TrainingError(.ranks, reason) }
            let sentence = "The processes can't be connected: \(error)"
            watch.tell("Rank \(placement.rank) of \(placement.size) on \(placement.host) has failed: \(sentence)")
            throw TrainingError(
                .ranks, sentence + " Where hosts have several networks, name the one between them (GLOO_SOCKET_IFNAME=eth1).")
        }
    }

    /// How many hosts there are, told by the first process of each, and which this one is: in the order of their first processes.
    private static func hosts(_ control: ProcessGroup, _ placement: Placement) throws -> (count: Int, index: Int) {
        // Names by number: FNV-1a of 32 bits, which a float64 holds.
        let name = placement.host.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        let own = try Tensor([placement.localRank == 0 ? 1.0 : 0, Double(name)], shape: [2])
        let all = try control.gather(own, size: placement.size).elements(as: Double.self)
        let (firsts, names) = ((0..<placement.size).map { all[2 * $0] }, (0..<placement.size).map { all[2 * $0 + 1] })
        let (count, distinct) = (Int(firsts.reduce(0, +)), names.enumerated().filter { names.firstIndex(of: $0.element) == $0.offset })
        // Launchers may deal processes out to hosts in turn. Hosts of one name can only be told apart where their processes are neighbours.
        if distinct.count == count, let index = distinct.firstIndex(where: { $0.element == Double(name) }) { return (count, index) }
        return (count, max(0, Int(firsts[...placement.rank].reduce(0, +)) - 1))
    }

    private static func awaitAll(_ store: KeyStore, _ placement: Placement) throws -> [String] {
        let (rank, size, end) = (placement.rank, placement.size, ContinuousClock.now + .seconds(longestStart))
        func waitFor(_ key: String, of other: Int) throws {
            while try !store.has(key) {
                try checkStop()
                guard ContinuousClock.now < end else {
                    throw TrainingError(
                        .ranks,
                        "Rank \(other) of \(size) did not come within \(Int(longestStart)) seconds. Start all processes of the job, and let them reach \(placement.address) port \(placement.port)."
                    )
                }
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
        if rank == 0 { try store.set("size", "\(size)") }
        try waitFor("size", of: 0)
        let told = try store.value(of: "size", within: 60)
        guard told == "\(size)" else {
            throw TrainingError(
                .ranks,
                "Rank 0 says that the job has \(told) processes, and rank \(rank) on \(placement.host) that it has \(size). Give all the same list of hosts and the same number of processes."
            )
        }
        try store.set("host/\(rank)", "Rank \(rank) of \(size) on \(placement.host)")
        for other in 0..<size { try waitFor("host/\(other)", of: other) }
        return try (0..<size).map { try store.value(of: "host/\($0)", within: 60) }
    }

    private static func checkStop() throws {
        guard Interruption.isRequested else { return }
        throw TrainingError(.interrupted, "Interrupted while the processes of the job were gathering; nothing was trained.")
    }
}
