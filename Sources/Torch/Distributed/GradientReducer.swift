import CTorch

/// Adds up gradients over processes in buckets, each as soon as the backward pass has filled it, so that most of the network's time
/// is hidden behind the pass (Li et al. 2020, "PyTorch Distributed: Experiences on Accelerating Data Parallel Training").
public final class GradientReducer {
    private let pointer: ct_reducer
    // Gradients are asked of these as long as the reducer lives.
    private let group: ProcessGroup

    /// Watches parameters.
    /// - Parameters:
    ///   - parameters: in the order of the forward pass; each requires gradients.
    ///   - group: the processes; it serves nothing else.
    ///   - bucketBytes: about how much is added up in one go.
    public init(_ parameters: [Tensor], group: ProcessGroup, bucketBytes: Int = 25 << 20) throws {
        guard
            let reducer = ct_reducer_make(
                group.pointer, parameters.map(\.pointer), Int64(parameters.count), Int64(bucketBytes))
        else { throw TorchError.last() }
        pointer = reducer
        self.group = group
    }

    deinit { ct_reducer_release(pointer) }

    /// Says that the next backward pass is the last before an update. `overlaps`: whether sums begin while it runs, or all of them after it.
    public func arm(overlaps: Bool = true) { ct_reducer_arm(pointer, overlaps) }

    /// Waits for the sums and puts them, times `scale`, in place of the gradients.
    public func finish(scale: Double = 1) throws { try check(ct_reducer_finish(pointer, scale)) }

    /// Puts the sums, times a scale on the gradients' device, in place of the gradients. Over NCCL nothing but the device waits.
    public func finish(scale: Tensor) throws { try check(ct_reducer_finish_by(pointer, scale.pointer)) }

    /// Seconds that the processor has waited for sums so far; next to nothing over NCCL.
    public var waitedSeconds: Double { figures.waited }

    /// The number of buckets.
    public var bucketCount: Int { figures.buckets }

    private var figures: (waited: Double, buckets: Int) {
        var (waited, buckets): (Double, Int64) = (0, 0)
        ct_reducer_figures(pointer, &waited, &buckets)
        return (waited, Int(buckets))
    }
}
