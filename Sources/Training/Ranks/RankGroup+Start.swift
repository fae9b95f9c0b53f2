import Foundation
import Launch
import Torch

/// How processes find each other.
extension RankGroup {
    /// How long they wait for each other, in seconds: platforms do not start hosts at once.
    static let longestStart = 600.0

    /// How long a new process waits for the end of a job whose process of the same number was lost: as long as that job may need to notice.
    static let longestEnd = 60.0

    /// Serves the store, or connects to the process that does, which may come later; answers its address, too.
    static func meet(_ placement: Placement, prefix: String) throws -> (store: KeyStore, address: String) {
        let end = ContinuousClock.now + .seconds(longestEnd)
        while true {
            let (store, address) = try connect(placement, prefix: prefix)
            // A number that is taken belongs to a process that this one replaces: the store will go, and its successor come. Or to a mistake.
            if (try? store.add(1, to: "claim/\(placement.rank)")) == 1 { return (store, address) }
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

    /// Waits for all others, and answers what each is called.
    static func awaitAll(_ store: KeyStore, _ placement: Placement) throws -> [String] {
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
