import Foundation

/// Ranks from their start to their end: who fails first, who is told to leave, and what is said about it.
final class Supervision {
    /// How far the end of the job has come.
    private enum Stage {
        /// Nobody has failed.
        case running
        /// Somebody has failed; the others notice it by themselves until then.
        case noticing(ContinuousClock.Instant)
        /// They were asked to leave, and have until then.
        case leaving(ContinuousClock.Instant)
        /// They were killed.
        case killed
    }

    private let ranks: [RankProcess]
    private let requests: StopRequests
    private let patience: LocalRanks.Patience
    private let failure: () -> String?
    private let tell: (String) -> Void
    private var stage = Stage.running
    /// The status of what failed first.
    private var status: Int32?
    /// The rank that failed first, where it left without a word.
    private var silent: RankProcess?
    /// Whether rank 0 has failed by itself, and so said why.
    private var firstHasSpoken = false
    private var requestsHeard = 0
    private var isAsked = false

    init(
        _ ranks: [RankProcess], _ requests: StopRequests, patience: LocalRanks.Patience, failure: @escaping () -> String?,
        tell: @escaping (String) -> Void
    ) {
        (self.ranks, self.requests, self.patience) = (ranks, requests, patience)
        (self.failure, self.tell) = (failure, tell)
    }

    /// Stays until the last rank has ended, and answers the job's status.
    func run() -> Int32 {
        while ranks.contains(where: \.isRunning) {
            var events = ranks.flatMap(\.events)
            // A signal may arrive on another thread, and then does not end the waiting.
            poll(&events, nfds_t(events.count), 50)
            judge(ranks.filter { $0.update() })
            hear()
            proceed()
        }
        tellSilentEnd()
        if let status { return status }
        guard requestsHeard > 0, let first = ranks.first else { return 0 }
        return first.isKilled ? 128 + requests.signal : first.outcome?.status ?? 1
    }

    /// Looks at ranks that have just ended.
    private func judge(_ ended: [RankProcess]) {
        // Who was told to stop has not failed. But when the first has gone, nobody needs the others to go on.
        if requestsHeard > 0, status == nil {
            if let first = ranks.first, ended.contains(where: { $0 === first }) {
                if case .signalled(let number) = first.outcome, number != SIGTERM, !first.isKilled { tellEnd(of: first) }
                if case .running = stage { stage = .leaving(.now + patience.noticing) }
            }
            return
        }
        let failed = ended.filter { $0.outcome != .exited(0) }
        // What rank 0 says when it was asked to leave says nothing of the cause.
        if !isAsked, let first = failed.first(where: { $0.placement.rank == 0 }), case .exited = first.outcome { firstHasSpoken = true }
        guard status == nil else { return }
        // Of several within the same moment, a signal comes before those who only noticed it.
        guard let first = failed.first(where: { if case .signalled = $0.outcome { true } else { false } }) ?? failed.first else { return }
        status = first.outcome?.status ?? 1
        // Nor can one tell which of them is the cause.
        for rank in failed where rank !== first { tellWords(of: rank) }
        guard case .signalled = first.outcome else {
            if first.hasWords || first.placement.rank == 0 { tellEnd(of: first) } else { silent = first }
            return stage = .noticing(.now + patience.noticing)
        }
        tellEnd(of: first)
        // Nobody can say more about that.
        stage = .noticing(.now + min(patience.noticing, .seconds(2)))
    }

    /// Passes on what this process was told.
    private func hear() {
        let count = requests.count
        if count > 0 { ask() }
        if count > 1, count > requestsHeard { kill() }
        requestsHeard = count
    }

    /// Does what the stage's time asks for.
    private func proceed() {
        let now = ContinuousClock.now
        switch stage {
        case .running:
            guard status == nil, let sentence = failure() else { return }
            status = 1
            tell(LocalRanks.errorPrefix + "\(sentence)")
            leave()
        case .noticing(let end): if now >= end { leave() }
        case .leaving(let end): if now >= end { kill() }
        case .killed: return
        }
    }

    private func leave() {
        ask()
        stage = .leaving(.now + patience.leaving)
    }

    /// Asks the ranks to save and leave. Only once: by a second signal they leave at once.
    private func ask() {
        guard !isAsked else { return }
        isAsked = true
        for rank in ranks { rank.send(SIGTERM) }
    }

    private func kill() {
        for rank in ranks { rank.send(SIGKILL) }
        stage = .killed
    }

    /// Says how a rank ended, and what it said before. Rank 0 has spoken for itself, unless a signal ended it.
    private func tellEnd(of rank: RankProcess) {
        tellWords(of: rank)
        let place = rank.placement.size > rank.placement.localSize ? " on \(rank.placement.host)" : ""
        switch rank.outcome {
        case .signalled(let number):
            let cause = number == SIGKILL ? ", as the system does when memory runs out: take a smaller mini_batch_size or fewer ranks" : ""
            tell(
                LocalRanks.errorPrefix
                    + "rank \(rank.placement.rank)\(place) was ended by signal \(number) (\(Self.name(of: number)))\(cause)")
        case .exited(let status):
            if rank.placement.rank != 0 { tell(LocalRanks.errorPrefix + "rank \(rank.placement.rank)\(place) ended with status \(status)") }
        case nil: return
        }
    }

    /// A rank that has told the others why it leaves has left it to them to say so.
    private func tellSilentEnd() {
        guard let silent, !firstHasSpoken else { return }
        if let other = ranks.first(where: \.hasWords) { tellEnd(of: other) } else { tellEnd(of: silent) }
    }

    private func tellWords(of rank: RankProcess) {
        for line in rank.kept?.lines(prefix: "rank \(rank.placement.rank): ") ?? [] { tell(line) }
    }

    private static func name(of signal: Int32) -> String {
        switch signal {
        case SIGKILL: "SIGKILL"
        case SIGSEGV: "SIGSEGV"
        case SIGABRT: "SIGABRT"
        case SIGBUS: "SIGBUS"
        case SIGILL: "SIGILL"
        case SIGFPE: "SIGFPE"
        case SIGTERM: "SIGTERM"
        case SIGINT: "SIGINT"
        default: String(cString: strsignal(signal))
        }
    }
}
