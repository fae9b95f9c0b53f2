import ArgumentParser
import Foundation
import Launch
import Torch

/// How many processes train together, and where.
struct RankOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Train with n processes on this machine's processor.", valueName: "n"))
    var processes: Int?

    @Option(help: ArgumentHelp("Train on n GPUs of this machine, one process each.", valueName: "n"))
    var gpus: Int?

    @Option(
        help: ArgumentHelp(
            "Train on several machines: their names, the same list on each, where the same command is started. --processes and --gpus count for each.",
            valueName: "a,b,c"))
    var hosts: String?

    @Option(help: ArgumentHelp("Which of --hosts this machine is. (default: what it calls itself)", valueName: "name"))
    var host: String?

    @Option(help: ArgumentHelp("The port on the first of --hosts where they meet. (default: 29400)", valueName: "number"))
    var port: Int?

    func validate() throws {
        if processes != nil, gpus != nil { throw ValidationError("--processes and --gpus contradict each other; give one of them.") }
        for (name, count) in [("--processes", processes), ("--gpus", gpus)] {
            if let count, !(1...4096).contains(count) { throw ValidationError("\(name) is \(count); it must be from 1 to 4096.") }
        }
        if hosts == nil, host != nil { throw ValidationError("--host says which of --hosts this machine is; give --hosts, too.") }
        if hosts == nil, port != nil { throw ValidationError("--port is where --hosts meet; give --hosts, too.") }
        if let port, !(1...65535).contains(port) { throw ValidationError("--port is \(port); it must be from 1 to 65535.") }
        do { _ = try namedHosts() } catch let error as LaunchError { throw ValidationError("\(error)") }
    }

    /// Which process of several this is: by the environment or, where each host is one process, by the options. Nil: it trains alone, or
    /// ``launch()`` starts the others.
    func placement() throws -> Placement? {
        if let found = try Placement.found(in: ProcessInfo.processInfo.environment) {
            try refuse(under: found.launcher)
            return found
        }
        guard let hosts = try namedHosts(), hosts.ranksPerHost == 1, hosts.names.count > 1 else { return nil }
        return hosts.placements.first
    }

    /// Starts and supervises the processes that the options ask for. Nil: this process trains itself, as one of several or alone; else the
    /// status of those that it started.
    ///
    /// `pipes`: channels that come through FIFOs. `check`: what rank 0 would refuse at once, asked where it is.
    func launch(pipes: [String], check: () throws -> Void) throws -> Int32? {
        if let gpus, gpus > Device.cudaCount {
            let count = Device.cudaCount
            throw Failure.usage(
                "--gpus is \(gpus), and this machine has \(count == 0 ? "no GPU" : "\(count)") that CUDA can use."
                    + (count == 0 ? " Use --processes n for its processor." : ""))
        }
        guard try placement() == nil, ranksPerHost > 1 else { return nil }
        let hosts = try namedHosts() ?? .here(ranks: ranksPerHost)
        if hosts.index == 0 { try check() }
        return try LocalRanks(hosts.placements).run(copying: pipes)
    }

    private var ranksPerHost: Int { processes ?? gpus ?? 1 }

    /// What `--hosts` says, with this machine among them.
    private func namedHosts() throws -> Hosts? {
        guard let hosts else { return nil }
        let names = hosts.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
        let own = Placement.hostName
        // Lists often leave out the domain.
        guard let current = host ?? names.first(where: { $0 == own }) ?? names.first(where: { own.hasPrefix($0 + ".") }) else {
            throw ValidationError("--hosts is \(hosts), and this machine calls itself \(own); say which of them it is with --host.")
        }
        return try Hosts(
            names, current: current, ranksPerHost: ranksPerHost, port: port ?? Placement.standardPort, place: "--hosts")
    }

    /// A launcher from outside has said how many there are; Sightline's own ranks have the launcher's options.
    private func refuse(under launcher: Placement.Launcher) throws {
        guard launcher != .sightline, processes != nil || gpus != nil || hosts != nil else { return }
        let name =
            switch launcher {
            case .torchrun: "torchrun"
            case .mpi: "mpirun"
            case .slurm: "srun"
            case .kubernetes: "Kubernetes"
            case .sightline: "Sightline"
            }
        throw Failure.usage(
            "--processes, --gpus and --hosts start processes, and this one was started by \(name) as one of several; leave them out, and let \(name) start as many as there are to be."
        )
    }
}
