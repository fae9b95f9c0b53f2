import Foundation

/// Starts the ranks of this machine, one process each, and stays until all have ended.
///
/// Each is this very program with the same arguments; its environment says which rank it is (`Placement.found(in:)` reads it). Rank 0 has
/// this process's streams. Of the others, what they print is dropped, and what they complain of is kept and shown if they fail.
public struct LocalRanks: Sendable {
    /// How long ranks are waited for when the job is over.
    public struct Patience: Sendable {
        /// For ranks to notice by themselves that one has failed, and to say so.
        public var noticing: Duration = .seconds(15)
        /// For ranks to leave that were asked to (SIGTERM), before they are killed.
        public var leaving: Duration = .seconds(10)

        /// 15 and 10 seconds.
        public init() {}
    }

    /// What is started.
    public var program = "/proc/self/exe"
    /// Its arguments, the name under which it is started first.
    public var arguments: [String]
    /// What the ranks' environments are made of.
    public var environment: [String: String]
    /// The ranks of this machine.
    public var placements: [Placement]
    /// The folder below which ``PipeTee`` makes each rank's pipes; nil where there are none.
    public var pipes: String?
    /// How long ranks are waited for.
    public var patience = Patience()
    /// Asked several times a second: a sentence, where something that all ranks depend on has failed, ends the job.
    public var failure: @Sendable () -> String? = { nil }
    /// Takes what there is to say, line by line.
    public var tell: @Sendable (String) -> Void = LocalRanks.tellStandardError

    /// The ranks of this machine as copies of this process.
    public init(
        _ placements: [Placement], arguments: [String] = CommandLine.arguments,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        (self.placements, self.arguments, self.environment) = (placements, arguments, environment)
    }

    /// Starts the ranks and supervises them. Blocks the calling thread, with whose end they would end as well.
    ///
    /// Meanwhile SIGINT, SIGTERM and SIGHUP are passed on as SIGTERM, once; one more kills the ranks. When a rank fails, the others have
    /// ``Patience/noticing`` to end by themselves, then are asked to (SIGTERM), then killed.
    /// - Returns: 0 where all ended well; else the status of the rank that failed first, 128 + n where signal n ended it. After a signal to
    ///   this process, rank 0's status, or that of the first of this machine.
    /// - Throws: ``LaunchError`` where a rank can't be started; those that were are killed.
    public func run() throws -> Int32 {
        let requests = StopRequests()
        var ranks: [RankProcess] = []
        do {
            for placement in placements {
                ranks.append(
                    try RankProcess(placement, program: program, arguments: arguments, environment: rankEnvironment(of: placement)))
            }
        } catch {
            for rank in ranks { rank.send(SIGKILL) }
            while ranks.contains(where: \.isRunning) {
                for rank in ranks { _ = rank.update() }
                usleep(1000)
            }
            throw error
        }
        return Supervision(ranks, requests, patience: patience, failure: failure, tell: tell).run()
    }

    /// What lines begin with that say why the job ends.
    public static let errorPrefix = "sightline: error: "

    /// Writes a line to standard error.
    public static let tellStandardError: @Sendable (String) -> Void = { line in
        var bytes = Array((line + "\n").utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return }
            bytes = bytes.dropFirst(max(0, count))
        }
    }
}
