import Torch

extension RankGroup {
    /// Has gradients, and shared statistics, go from GPU to GPU over NCCL, where every process trains on a GPU of its own and has NCCL.
    /// - Returns: a sentence for the user where GPUs train and it can't be so; then gradients go through the processors' memory.
    public func joinDevices(_ device: Device) throws -> String? {
        guard case .cuda(let index) = device else {
            _ = try any([true])
            return nil
        }
        var reason: String?
        do { _ = try ProcessGroup.ncclVersion() } catch let error as TorchError { reason = "\(error)" }
        // Nobody begins to wait for a process that will not come.
        if try any([reason != nil])[0] { return Self.note(reason) }
        do {
            try gradients.joinDevices(
                store: store, name: "gradients", rank: rank, size: size, device: index, seconds: Self.longestStart)
        } catch let error as TorchError { reason = "\(error)" }
        devicesAreJoined = try !any([reason != nil])[0]
        guard !devicesAreJoined else { return nil }
        gradients.leaveDevices()
        return Self.note(reason)
    }

    private static func note(_ reason: String?) -> String {
        "Gradients are added up through the processors' memory, not over NCCL: \(reason ?? "another process can't use it.")"
    }
}
