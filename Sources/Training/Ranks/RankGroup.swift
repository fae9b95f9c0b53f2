import Datasets
import Foundation
import Glibc
import Launch
import Networks
import Tasks
import Torch

/// The processes that train one model together, each on its part of every mini-batch.
///
/// All of them call the same methods in the same order. Where one is gone the others' calls throw, or, where they would wait for ever, the
/// watch ends the process with the reason.
public final class RankGroup: MetricsExchange {
    /// Which process this is.
    public let placement: Placement
    /// Hosts that take part, and which of them this one is.
    public let hosts: (count: Int, index: Int)
    /// This process's number, 0 ..< ``size``.
    public var rank: Int { placement.rank }
    /// Processes.
    public var size: Int { placement.size }
    /// All of them.
    public var world: WorldSize { WorldSize(processes: size, hosts: hosts.count) }
    /// Whether this process is the one that reports and saves.
    public var isFirst: Bool { rank == 0 }

    let store: KeyStore
    private let control: ProcessGroup
    let gradients: ProcessGroup
    private let statistics: ProcessGroup
    /// Whether sums of GPUs' tensors go from GPU to GPU.
    var devicesAreJoined = false
    private let watch: RankWatch
    /// Whether the others know why this process leaves.
    private var reasonIsCommon = false

    /// The longest that a process may keep the others waiting, in seconds: who is gone is noticed by the watch, long before.
    static let longestCall = 86_400.0

    /// Meets the other processes; returns once all are there.
    /// - Parameters:
    ///   - placement: which one this is, and where they meet.
    ///   - onLoss: called when the job can't go on because a process is gone and this one waits for it; told why. It must end the process.
    /// - Throws: ``TrainingError`` or `LaunchError` where they do not come together.
    public init(_ placement: Placement, onLoss: @escaping @Sendable (String) -> Void) throws {
        self.placement = placement
        let (port, prefix) = (placement.port, placement.keyPrefix + "sightline")
        let (store, address) = try Self.meet(placement, prefix: prefix)
        self.store = store
        let (names, device) = try Self.assemble(store, placement, address: address)
        // From here on nobody waits for one who is gone.
        watch = try RankWatch(
            rank: placement.rank, names: names,
            open: { try KeyStore(host: address, port: port, serves: false, seconds: 20, prefix: prefix) }, onLoss: onLoss)
        (control, gradients, statistics, hosts) = try Self.connect(store, placement, device, watch)
    }

    // MARK: The work's division

    /// What of the work is this process's.
    /// - Parameters:
    ///   - hostsShareData: whether all hosts see the same data; otherwise each has its own, which its processes share.
    ///   - validationIsShared: the same of the validation data.
    ///   - pieces: turns at an update.
    public func share(hostsShareData: Bool, validationIsShared: Bool, pieces: Int) -> RankShare {
        var share = RankShare()
        let (local, locals) = (placement.localRank, placement.localSize)
        share.training =
            hostsShareData
            ? BatchShare(part: rank, of: size, machines: hosts.count, pieces: pieces) : BatchShare(part: local, of: locals, pieces: pieces)
        share.validation = validationIsShared ? BatchShare(part: rank, of: size) : BatchShare(part: local, of: locals)
        share.exchange = self
        return share
    }

    // MARK: Agreeing

    /// For each question whether any process says yes.
    func any(_ flags: [Bool]) throws -> [Bool] {
        let numbers = try Tensor(flags.map { $0 ? 1.0 : 0 }, shape: [flags.count])
        try calling { try control.reduce(numbers, .maximum) }
        return try numbers.elements(as: Double.self).map { $0 > 0 }
    }

    /// The processes' sums of numbers.
    func sums(_ numbers: [Double]) throws -> [Double] {
        let tensor = try Tensor(numbers, shape: [numbers.count])
        try calling { try control.reduce(tensor) }
        return try tensor.elements(as: Double.self)
    }

    /// The sum of a number that each host has; nil where one of them has none.
    public func sum(ofHosts number: Int?) throws -> Int? {
        let found = try sums([placement.localRank == 0 ? Double(number ?? 0) : 0, number == nil ? 1 : 0])
        return found[1] > 0 ? nil : Int(found[0])
    }

    /// The least of the processes' numbers; nil where one of them has none.
    public func fewest(_ number: Int?) throws -> Int? {
        let least = try Tensor([Double(number ?? -1)], shape: [1])
        try calling { try control.reduce(least, .minimum) }
        let value = Int(try least.item())
        return value < 0 ? nil : value
    }

    /// Makes sure that all processes mean the same. `facts`: what they must agree on, by name.
    /// - Throws: ``TrainingError`` in all processes where one has other facts than rank 0.
    public func agree(on facts: [String: String]) throws {
        let encoder = JSONEncoder()
        let first = try JSONDecoder().decode([String: String].self, from: Data(fromFirst { [UInt8](try encoder.encode(facts)) }))
        let name = Set(facts.keys).union(first.keys).sorted().first { facts[$0] != first[$0] }
        let odd = try fewest(name == nil ? size : rank) ?? size
        guard odd < size else { return }
        let (own, other) = (name.flatMap { facts[$0] }, name.flatMap { first[$0] })
        let sentence =
            name.map { "Rank \(rank) of \(size) on \(placement.host) has \($0) \(Self.cut(own)), rank 0 has \(Self.cut(other))." } ?? ""
        let bytes = try from(odd, [UInt8](sentence.utf8))
        throw TrainingError(
            .disagreement, String(decoding: bytes, as: UTF8.self) + " All processes of a job need the same settings and the same classes.")
    }

    private static func cut(_ value: String?) -> String { value.map { $0.count > 200 ? $0.prefix(200) + "…" : $0 } ?? "unset" }

    /// Begins to add up a number, which on a GPU goes the gradients' way.
    func startSum(_ tensor: Tensor) throws -> PendingSum {
        try calling { try (tensor.device == .cpu ? control : gradients).startSum(tensor) }
    }

    /// What rank 0 makes of `body`, in every process; its error, too.
    func fromFirst(_ body: () throws -> [UInt8]) throws -> [UInt8] {
        guard isFirst else { return try Outcome(bytes: from(0, [])).get() }
        let bytes: [UInt8]
        do {
            bytes = try body()
        } catch {
            // What rank 0 reports is its own error, whatever becomes of the others.
            _ = try? from(0, Outcome(error).bytes)
            throw error
        }
        _ = try from(0, Outcome.value(bytes).bytes)
        return bytes
    }

    /// One process's bytes, in all of them.
    private func from(_ sender: Int, _ own: [UInt8]) throws -> [UInt8] {
        try calling {
            let count = try Tensor([Int64(own.count)], shape: [1])
            try control.broadcast(count, from: sender)
            let bytes = rank == sender ? try Tensor(own, shape: [own.count]) : try Tensor.zeros([Int(try count.item())], dtype: .uint8)
            try control.broadcast(bytes, from: sender)
            return try bytes.bytes()
        }
    }

    /// Makes tensors those of rank 0.
    func broadcast(_ tensors: [Tensor]) throws {
        try calling { try withoutGradient { for tensor in tensors { try control.broadcast(tensor) } } }
    }

    /// Makes tensors the processes' means.
    func average(_ tensors: [Tensor]) throws {
        try calling {
            try withoutGradient {
                for tensor in tensors {
                    try control.reduce(tensor)
                    try tensor.copy(from: tensor * (1 / Double(size)))
                }
            }
        }
    }

    /// Every process's numbers; see `MetricsExchange`.
    /// - Throws: in all processes alike where one of them has stopped validation instead.
    public func gather(_ numbers: [Double]) throws -> [[Double]] {
        guard try !any([false])[0] else { throw ValidationStopped() }
        return try calling {
            let counts = try control.gather(Tensor([Int64(numbers.count)], shape: [1]), size: size).elements(as: Int64.self).map(Int.init)
            let longest = max(1, counts.max() ?? 1)
            let padded = numbers + [Double](repeating: 0, count: longest - numbers.count)
            let all = try control.gather(Tensor(padded, shape: [longest]), size: size).elements(as: Double.self)
            return counts.enumerated().map { Array(all[$0.offset * longest..<$0.offset * longest + $0.element]) }
        }
    }

    /// Answers the others' ``gather(_:)`` with the wish to stop.
    func stopCounting() throws { _ = try any([true]) }

    // MARK: Training

    /// Adds up the gradients of parameters over the processes.
    func reducer(of parameters: [Tensor]) throws -> GradientReducer { try GradientReducer(parameters, group: gradients) }

    /// Takes the statistics of batch normalisation over all processes, or no longer. Between GPUs they go the gradients' way: two ways at once
    /// could each wait for the other.
    func shareNormStatistics(_ on: Bool) {
        SharedNormStatistics.share(over: on ? (devicesAreJoined ? gradients : statistics) : nil)
    }

    /// Threads that read images in each process, where a host's cores are to serve all of its processes.
    public var workersOfEach: Int { LoadingWorkers.count(onCores: placement.coresOfEach) }

    // MARK: Ends

    /// Runs `body`, where an operation of all processes that fails means that one is gone, and throws why.
    func calling<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            throw explained(error)
        }
    }

    /// Why another process is gone, where that is what an error comes from.
    private func explained(_ error: any Error) -> any Error {
        guard let error = error as? TorchError, error.isCollective else { return error }
        return lost(error)
    }

    private func lost(_ error: TorchError) -> TrainingError {
        // Who fails says why, and rank 0 sees who is gone; but not at once.
        guard watch.claimsEnding() else { Self.waitForEnd() }
        if let reason = watch.reason(within: 40) { return TrainingError(.ranks, reason) }
        guard !Interruption.isRequested else {
            return TrainingError(
                .interrupted,
                "Stopped, as another process of the job is gone; the last checkpoint is kept. Add --resume to the same command to go on."
            )
        }
        return TrainingError(
            .ranks, "Another process of the job has gone without a word (\(error)). What it wrote itself may say why.")
    }

    /// While the process is being ended on another thread.
    static func waitForEnd() -> Never {
        while true { Thread.sleep(forTimeInterval: 1) }
    }

    /// Whether nothing need be said here about why the job ends: the first process of this host says it.
    public var isQuiet: Bool { placement.localRank > 0 && reasonIsCommon }

    /// Does a job as one of several processes, or alone, and leaves them as it ends: together, or telling the others why not.
    public static func together<Result>(_ ranks: RankGroup?, _ body: () throws -> Result) throws -> Result {
        do {
            let result = try body()
            try ranks?.close()
            return result
        } catch {
            guard let ranks else { throw error }
            let reason = ranks.explained(error)
            ranks.leave(because: reason)
            throw reason
        }
    }

    /// Tells the others that this process leaves, and why, unless they leave at the same time or it leaves because of them.
    private func leave(because error: any Error) {
        let common: [TrainingError.Kind] = [.ranks, .interrupted, .finished, .diverged, .disagreement, .unreadable]
        if let error = error as? TrainingError, common.contains(error.kind) {
            reasonIsCommon = true
            return watch.stop()
        }
        _ = watch.claimsEnding()
        reasonIsCommon = watch.tell("Rank \(rank) of \(size) on \(placement.host) has failed: \(error)")
        watch.stop()
    }

    /// The end that all come to: returns once all are there.
    private func close() throws {
        _ = try any([false])
        watch.stop()
        // Rank 0 takes the store with it: it goes last.
        try? control.reduce(Tensor([0.0], shape: [1]))
    }
}

/// Validation was stopped in one of the processes.
struct ValidationStopped: Error {}
