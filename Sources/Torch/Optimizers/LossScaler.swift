import CTorch

/// Keeps small gradients from vanishing in float16: the loss is multiplied by a large number, and the gradients are divided by it again
/// (Micikevicius et al. 2018, "Mixed Precision Training").
///
/// The number is halved when a gradient overflows, whose step is skipped, and doubled after many steps without that. All of it lies on the
/// device: nothing here waits for it.
public final class LossScaler {
    /// What the loss is multiplied by: one number (float32).
    private let scale: Tensor
    /// Steps since it last changed (int32).
    private let goodSteps: Tensor
    /// 1 where a gradient of this step is not finite, otherwise 0 (float32).
    let overflow: Tensor
    private let interval: Int

    /// Makes a scaler on a device.
    /// - Parameters:
    ///   - device: where the network trains.
    ///   - scale: the first number, a power of two, so that scaling rounds nothing.
    ///   - interval: steps in a row without overflow after which it is doubled.
    public init(on device: Device, scale: Double = 65_536, interval: Int = 2000) throws {
        self.scale = try Tensor(scale, shape: [], device: device)
        goodSteps = try Tensor.zeros([], dtype: .int32, device: device)
        overflow = try Tensor.zeros([], device: device)
        self.interval = interval
    }

    /// The loss to take the backward pass of.
    public func scaled(_ loss: Tensor) throws -> Tensor { try loss * scale }

    /// Divides gradients by the scale, and notes whether one of them is not finite.
    func unscale(_ gradients: [Tensor]) throws {
        let list = TensorList(gradients)
        if list.count > 0 { try check(ct_unscale_(list.pointers, list.count, scale.pointer, overflow.pointer)) }
    }

    /// Settles the scale of the next step.
    func update() throws {
        try check(ct_update_scale_(scale.pointer, goodSteps.pointer, overflow.pointer, 2, 0.5, Int64(interval)))
        try overflow.fill(0)
    }

    /// Whether a gradient of this step is not finite. Waits for the device.
    func hasOverflowed() throws -> Bool { try overflow.item() != 0 }

    /// What a checkpoint holds, by name.
    public var state: [(name: String, tensor: Tensor)] { [("scale", scale), ("good_steps", goodSteps)] }
}
