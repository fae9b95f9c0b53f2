import Foundation

/// The learning rate of each update. Updates count from 0 and over epochs, so a schedule depends neither on wall time nor on restarts.
public indirect enum LearningRateSchedule: Equatable, Sendable {
    /// The same throughout.
    case constant
    /// Multiplied by `factor` at each of these updates: MXNet's MultiFactorScheduler, in which update u of the contract's counting from 1
    /// is the first with the lower rate when u > step × updates per epoch.
    case step(factor: Double, updates: [Int])
    /// (1 − u / total)^power.
    case poly(power: Double, total: Int)
    /// Half a cosine from the base rate to zero.
    case cosine(total: Int)
    /// Over the first `updates` the rate rises linearly to that of `then`, which counts them, too (Goyal et al. 2017, section 2.2).
    case warmup(updates: Int, then: LearningRateSchedule)

    /// Whether it falls over all updates of a run, so that another number of epochs changes every rate.
    var isOverWholeRun: Bool {
        switch self {
        case .constant, .step: false
        case .poly, .cosine: true
        case .warmup(_, let then): then.isOverWholeRun
        }
    }

    /// The rate of update `update` where the run begins at `base`.
    public func rate(base: Double, update: Int) -> Double {
        switch self {
        case .constant: return base
        case .step(let factor, let updates): return updates.reduce(base) { update >= $1 ? $0 * factor : $0 }
        case .poly(let power, let total): return base * pow(max(0, 1 - Double(update) / Double(max(1, total))), power)
        case .cosine(let total): return base * (1 + cos(.pi * min(1, Double(update) / Double(max(1, total))))) / 2
        case .warmup(let updates, let then):
            return then.rate(base: base, update: update) * min(1, Double(update + 1) / Double(max(1, updates)))
        }
    }
}
