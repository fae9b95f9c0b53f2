import Foundation

/// When a request that failed is tried again: after a pause that doubles and is drawn by chance, so that many clients of a server that
/// comes back don't come back together.
///
/// Source: AWS Architecture Blog, "Exponential Backoff And Jitter" (full jitter).
public struct RetryPolicy: Sendable {
    /// Seconds from the first failure on in which tries go on; progress in between begins them anew.
    public var patience: Double
    /// The longest first pause, in seconds.
    public var base: Double
    /// The longest pause, in seconds.
    public var cap: Double

    /// Two minutes of tries: a server that restarts is back by then.
    public init(patience: Double = 120, base: Double = 0.1, cap: Double = 5) {
        self.patience = patience
        self.base = base
        self.cap = cap
    }

    /// The pause before try `number` (from 1), in seconds. `wanted`: what the server asks for (`Retry-After`).
    func pause(before number: Int, wanted: Double? = nil) -> Double {
        let longest = min(cap, base * pow(2, Double(min(number, 30) - 1)))
        return max(Double.random(in: 0...longest), min(wanted ?? 0, 60))
    }

    /// Whether an answer with this status and error code is worth another try.
    static func isTemporary(status: Int, code: String?) -> Bool {
        if [408, 429, 500, 502, 503, 504].contains(status) { return true }
        let codes: Set<String> = ["SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "Throttling", "OperationAborted"]
        return code.map(codes.contains) ?? false
    }
}

/// The tries of one task.
struct RetryCounter {
    private let policy: RetryPolicy
    private var firstFailure: ContinuousClock.Instant?
    private(set) var failures = 0

    init(_ policy: RetryPolicy) { self.policy = policy }

    /// Something arrived: failures before it don't count any more.
    mutating func madeProgress() { (firstFailure, failures) = (nil, 0) }

    /// Pauses before another try; false where patience is at its end or `shouldStop` says so.
    mutating func pause(wanted: Double? = nil, shouldStop: () -> Bool) -> Bool {
        failures += 1
        let now = ContinuousClock.now
        let first = firstFailure ?? now
        firstFailure = first
        guard first.duration(to: now) < .seconds(policy.patience) else { return false }
        var left = policy.pause(before: failures, wanted: wanted)
        while left > 0 {
            if shouldStop() { return false }
            Thread.sleep(forTimeInterval: min(left, 0.1))
            left -= 0.1
        }
        return !shouldStop()
    }
}
