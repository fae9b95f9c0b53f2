import CTorch

/// Processes that work on tensors together, over Gloo (`c10d::ProcessGroupGloo`): sums, broadcasts, gathering. Sums of tensors on GPUs can go
/// over NCCL.
///
/// All processes must call the same operations in the same order. A process that is gone makes the others' calls throw.
public final class ProcessGroup {
    /// What is made of the processes' numbers.
    public enum Reduction: Int32, Sendable {
        case sum, minimum, maximum
    }

    /// The network device over which a process talks.
    public enum NetworkDevice: Sendable, Equatable {
        /// The one called so, such as `eth0`.
        case interface(String)
        /// The one with this name or address.
        case address(String)
    }

    let pointer: ct_group

    /// Meets the other processes; returns once all are there.
    /// - Parameters:
    ///   - store: where they meet.
    ///   - name: of the group, the same in every process and another one for each group.
    ///   - rank: this process, 0 ..< `size`.
    ///   - size: processes.
    ///   - device: the network device; nil: the one that the machine's own name leads to.
    ///   - connecting: how long to wait for the others, in seconds.
    ///   - seconds: how long a call may take from then on.
    /// - Throws: ``TorchError`` where somebody does not come, or the device is not there.
    public init(
        store: KeyStore, name: String, rank: Int, size: Int, device: NetworkDevice? = nil, connecting: Double = 120, seconds: Double
    ) throws {
        var (interface, address): (String?, String?) = (nil, nil)
        switch device {
        case .interface(let name): interface = name
        case .address(let text): address = text
        case nil: break
        }
        guard let group = ct_group_make(store.pointer, name, Int32(rank), Int32(size), interface, address, connecting, seconds)
        else {
            throw TorchError.last()
        }
        pointer = group
    }

    deinit { ct_group_release(pointer) }

    /// The version of NCCL, such as 22809 for 2.28.9.
    /// - Throws: ``TorchError`` where it does not load: it comes with libtorch's CUDA half.
    public static func ncclVersion() throws -> Int {
        var version: Int32 = 0
        try check(ct_nccl_version(&version))
        return Int(version)
    }

    /// Has ``startSum(_:)`` and ``GradientReducer`` add up tensors of a GPU over NCCL from now on, on a stream of their own: the device waits for a
    /// sum, the processor does not. All processes call it, each with a GPU of its own.
    /// - Parameters:
    ///   - store: where they meet.
    ///   - name: of the group.
    ///   - rank: this process.
    ///   - size: of the group.
    ///   - device: this process's GPU.
    ///   - seconds: how long to wait for rank 0.
    /// - Throws: ``TorchError``; then sums still go over Gloo, and the others may have joined.
    public func joinDevices(store: KeyStore, name: String, rank: Int, size: Int, device: Int, seconds: Double) throws {
        try check(
            ct_group_join_devices(pointer, store.pointer, name, Int32(rank), Int32(size), Int32(clamping: device), seconds))
    }

    /// Has sums of GPUs' tensors go over Gloo, through the processors' memory, again.
    public func leaveDevices() { ct_group_leave_devices(pointer) }

    /// Makes a contiguous tensor the processes' sum, minimum or maximum of it.
    public func reduce(_ tensor: Tensor, _ reduction: Reduction = .sum) throws {
        try check(ct_group_reduce(pointer, tensor.pointer, reduction.rawValue))
    }

    /// Begins to add up a contiguous tensor, which must not be touched until ``PendingSum/wait()`` has returned.
    public func startSum(_ tensor: Tensor) throws -> PendingSum {
        guard let work = ct_group_start_sum(pointer, tensor.pointer) else { throw TorchError.last() }
        return PendingSum(work)
    }

    /// Makes a tensor that of process `rank`.
    public func broadcast(_ tensor: Tensor, from rank: Int = 0) throws {
        try check(ct_group_broadcast(pointer, tensor.pointer, Int32(rank)))
    }

    /// Every process's `part`, all of one shape, one behind the other: the first dimension is `size` times as long.
    public func gather(_ part: Tensor, size: Int) throws -> Tensor {
        let shape = part.shape
        let whole = try Tensor.zeros([(shape.first ?? 1) * size] + shape.dropFirst(), dtype: part.dtype)
        try check(ct_group_gather(pointer, part.pointer, whole.pointer))
        return whole
    }
}

/// A sum that is being added up.
public final class PendingSum {
    private let pointer: ct_work

    init(_ pointer: ct_work) { self.pointer = pointer }

    deinit { ct_work_release(pointer) }

    /// Returns once the sum is there or, over NCCL, will be there for whatever the device is asked to do from now on.
    public func wait() throws { try check(ct_work_wait(pointer)) }
}
