import CTorch
import Synchronization

/// Batch normalisation in training over the mini-batches of several processes ("synchronised").
public enum SharedNormStatistics {
    private static let state = Atomic<Bool>(false)

    /// Whether a group shares its statistics.
    public static var isOn: Bool { state.load(ordering: .relaxed) }

    /// Takes the statistics over the group from now on; nil: each process takes its own. The group must outlive its use, and serve nothing
    /// else but gradients of the same passes, and these only over NCCL: it is used in forward and backward passes.
    public static func share(over group: ProcessGroup?) {
        ct_norm_group_set(group?.pointer)
        state.store(group != nil, ordering: .relaxed)
    }
}
