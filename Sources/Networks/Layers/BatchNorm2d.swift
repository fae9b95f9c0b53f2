import Torch

/// Batch normalisation over N, H and W (Ioffe and Szegedy 2015), with the residual addition and the ReLU that usually follow it, so
/// that they cost one pass over memory and not three.
public final class BatchNorm2d: Module {
    /// The scale γ: C.
    public let weight: Tensor
    /// The shift β: C.
    public let bias: Tensor
    /// The running mean: C.
    public let runningMean: Tensor
    /// The running variance, unbiased: C.
    public let runningVariance: Tensor
    /// Added to the variance.
    public let eps: Double
    /// The share of the new batch in the running statistics.
    public let momentum: Double
    /// Whether batch statistics are used, and running ones updated.
    public private(set) var isTraining = true
    /// Whether running statistics are used, and left alone, in training too.
    public var isFrozen = false

    /// A normalisation of `channels` channels that begins as the identity.
    public init(_ channels: Int, eps: Double = 1e-5, momentum: Double = 0.1) throws {
        weight = try Tensor.ones([channels]).requiringGradient()
        bias = try Tensor.zeros([channels]).requiringGradient()
        runningMean = try .zeros([channels])
        runningVariance = try .ones([channels])
        self.eps = eps
        self.momentum = momentum
    }

    /// `relu(normalised x + residual)`; without a residual, or without ReLU, the rest of it.
    public func callAsFunction(_ x: Tensor, adding residual: Tensor? = nil, relu: Bool = false) throws -> Tensor {
        try batchNorm(
            x, residual: residual, weight: weight, bias: bias, runningMean: runningMean, runningVariance: runningVariance,
            training: usesBatch(x), momentum: momentum, eps: eps, relu: relu)
    }

    /// `convolution(relu(normalised x))`, for which training keeps x only. The convolution has no bias.
    func rectified(_ x: Tensor, into convolution: Conv2d) throws -> Tensor {
        try batchNormReLUConv2d(
            x, normWeight: weight, normBias: bias, runningMean: runningMean, runningVariance: runningVariance, training: usesBatch(x),
            momentum: momentum, eps: eps, weight: convolution.weight, stride: convolution.stride, padding: convolution.padding,
            dilation: convolution.dilation)
    }

    /// Whether the statistics are the batch's.
    private func usesBatch(_ x: Tensor) -> Bool {
        // One value a channel has no variance: a 1×1 map of a batch of one. Other processes have values of their own.
        isTraining && !isFrozen && (SharedNormStatistics.isOn || x.count > (x.shape.count > 1 ? x.shape[1] : 1))
    }

    /// The tensors of this layer.
    public var ownTensors: [NamedTensor] {
        [
            NamedTensor("weight", weight, .weight), NamedTensor("bias", bias, .bias),
            NamedTensor("running_mean", runningMean, .statistic), NamedTensor("running_var", runningVariance, .statistic),
        ]
    }

    /// Chooses between batch statistics and running ones.
    public func setTraining(_ training: Bool) { isTraining = training }
}
