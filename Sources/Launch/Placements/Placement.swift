import Foundation
import Machine

/// Which process of a job of several this is, and where they meet.
///
/// One process is one rank. All of them run the same program on their own slice of every mini-batch.
public struct Placement: Sendable, Equatable {
    /// Who started the processes, and so says which is which.
    public enum Launcher: String, Sendable, CaseIterable {
        /// Sightline itself: ``LocalRanks``, or hosts that were named to it.
        case sightline
        /// torchrun, or whoever sets its variables.
        case torchrun
        /// `mpirun` or `mpiexec`: Open MPI, MPICH, Intel MPI.
        case mpi
        /// `srun`.
        case slurm
        /// Kubernetes: an Indexed Job, a PyTorchJob.
        case kubernetes
    }

    /// This process's number in the job, 0 ..< ``size``. Rank 0 reports and saves.
    public var rank: Int
    /// Processes of the job.
    public var size: Int
    /// This process's number on its host, 0 ..< ``localSize``: which of the host's GPUs is its own.
    public var localRank: Int
    /// Processes of the job on this host.
    public var localSize: Int
    /// A name or address of the host where the store listens by which the processes find each other.
    public var address: String
    /// The store's TCP port, 1 ... 65535.
    public var port: Int
    /// Whether the launcher serves the store, so that each rank is its client; otherwise rank 0 serves it.
    public var storeIsServed = false
    /// What keys in the store begin with, so that a restarted job does not meet keys of its last start.
    public var keyPrefix = ""
    /// The network interface to talk through; nil: whichever leads to ``address``.
    public var interface: String?
    /// This host's name, for messages.
    public var host: String
    /// Who started the process.
    public var launcher: Launcher

    /// A placement by its parts; they are not checked against each other.
    public init(
        rank: Int, size: Int, localRank: Int, localSize: Int, address: String, port: Int, host: String = Placement.hostName,
        launcher: Launcher
    ) {
        (self.rank, self.size, self.localRank, self.localSize) = (rank, size, localRank, localSize)
        (self.address, self.port, self.host, self.launcher) = (address, port, host, launcher)
    }

    /// The cores of this host that are each process's, at least 1: all of its processes share them, unless the launcher has bound each to its
    /// own.
    public var coresOfEach: Int {
        let binds = [.mpi, .slurm].contains(launcher) && ProcessorCores.isBound
        return binds ? ProcessorCores.available : max(1, ProcessorCores.available / max(1, localSize))
    }

    /// Where the processes meet that are on one machine.
    public static let loopback = "127.0.0.1"

    /// The port where hosts meet unless one was chosen: torchrun's.
    public static let standardPort = 29400

    /// What this machine calls itself.
    public static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        // The last byte stays zero, whatever was cut.
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
