import CTorch

extension Tensor {
    /// Whether ``backward()`` leaves a gradient here.
    public var requiresGradient: Bool { ct_requires_grad(pointer) }

    /// Asks for gradients, or no longer.
    @discardableResult
    public func requiringGradient(_ on: Bool = true) throws -> Tensor {
        try check(ct_set_requires_grad(pointer, on))
        return self
    }

    /// The same elements outside the autograd graph.
    public func detached() throws -> Tensor { try owned(ct_detach(pointer)) }

    /// Adds the gradients of this scalar to every tensor that it was made of and that requires them.
    public func backward() throws { try check(ct_backward(pointer)) }

    /// What ``backward()`` has added up since the last ``clearGradient()``.
    public var gradient: Tensor? { ct_grad(pointer).map { Tensor(handle: TensorHandle($0)) } }

    /// Forgets the gradient and frees its memory.
    public func clearGradient() { ct_clear_grad(pointer) }
}

/// Runs `body` in a mode of libtorch. Modes belong to the thread: `body` must not suspend.
private func withMode<Result>(_ mode: ct_mode?, _ body: () throws -> Result) throws -> Result {
    guard let mode else { throw TorchError.last() }
    defer { ct_leave(mode) }
    return try body()
}

/// Runs `body` without recording an autograd graph.
public func withoutGradient<Result>(_ body: () throws -> Result) throws -> Result { try withMode(ct_enter_no_grad(), body) }

/// Runs `body` in inference mode: no graph, no version counters. What it makes can't take part in training.
public func withInference<Result>(_ body: () throws -> Result) throws -> Result { try withMode(ct_enter_inference(), body) }

/// Runs `body` with matrix products and convolutions in `dtype` while weights stay as they are. `nil` and `.float32` change nothing.
public func withAutocast<Result>(to dtype: DType?, on device: Device, _ body: () throws -> Result) throws -> Result {
    guard let dtype, dtype != .float32 else { return try body() }
    return try withMode(ct_enter_autocast(device.number, dtype.rawValue), body)
}
