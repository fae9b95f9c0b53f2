import CTorch

/// max(x, 0)
public func relu(_ x: Tensor) throws -> Tensor { try owned(ct_relu(x.pointer)) }

/// 1 / (1 + e⁻ˣ)
public func sigmoid(_ x: Tensor) throws -> Tensor { try owned(ct_sigmoid(x.pointer)) }

/// Probabilities along `dim`.
public func softmax(_ x: Tensor, dim: Int = -1) throws -> Tensor { try owned(ct_softmax(x.pointer, Int64(dim))) }

/// Matrix product of the last two dimensions.
public func matmul(_ a: Tensor, _ b: Tensor) throws -> Tensor { try owned(ct_matmul(a.pointer, b.pointer)) }

/// x Wᵀ + b: x is N, in; the weight out, in; the bias out.
public func linear(_ x: Tensor, weight: Tensor, bias: Tensor?) throws -> Tensor {
    try owned(ct_linear(x.pointer, weight.pointer, bias?.pointer))
}

/// Two-dimensional convolution: x is N, C, H, W; the weight out, C / groups, kernel height, kernel width.
public func conv2d(
    _ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1
) throws -> Tensor {
    try owned(
        ct_conv2d(x.pointer, weight.pointer, bias?.pointer, Int64(stride), Int64(padding), Int64(dilation), Int64(groups)))
}

/// Square windows of a max-pool.
public struct MaxPooling: Equatable, Sendable {
    /// The side of a window in pixels.
    public let kernel: Int
    /// Windows are this many pixels apart.
    public let stride: Int
    /// Pixels that the first window may reach over the edge, at most half a kernel.
    public let padding: Int
    /// Whether the last window may reach over the far edge, so that every pixel lies in one (PyTorch's `ceil_mode`).
    public let roundsUp: Bool

    /// Describes a max-pool.
    public init(kernel: Int, stride: Int, padding: Int = 0, roundsUp: Bool = false) {
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.roundsUp = roundsUp
    }

    var window: ct_pool { ct_pool(kernel: Int64(kernel), stride: Int64(stride), padding: Int64(padding), rounds_up: roundsUp) }
}

/// The largest of each window: N, C, H, W.
public func maxPool2d(_ x: Tensor, _ pooling: MaxPooling) throws -> Tensor { try owned(ct_max_pool2d(x.pointer, pooling.window)) }

/// The largest of each window: N, C, H, W.
public func maxPool2d(_ x: Tensor, kernel: Int, stride: Int, padding: Int = 0) throws -> Tensor {
    try maxPool2d(x, MaxPooling(kernel: kernel, stride: stride, padding: padding))
}

/// ReLU of a convolution with a bias, then the largest of each window where a pool is given.
///
/// The same as the three after each other, with fewer passes over memory in training; no second derivative.
public func conv2dReLU(
    _ x: Tensor, weight: Tensor, bias: Tensor, stride: Int = 1, padding: Int = 0, dilation: Int = 1, pooling: MaxPooling? = nil
) throws -> Tensor {
    func run(_ pool: UnsafePointer<ct_pool>?) -> ct_tensor? {
        ct_conv2d_relu(x.pointer, weight.pointer, bias.pointer, Int64(stride), Int64(padding), Int64(dilation), pool)
    }
    guard let pooling else { return try owned(run(nil)) }
    return try owned(withUnsafePointer(to: pooling.window) { run($0) })
}

/// Each pixel's channels divided by their Euclidean norm (or by `eps`, where that is more), times a factor a channel.
///
/// `x` is N, C, H, W; `scale` is C.
public func l2NormalizeChannels(_ x: Tensor, scale: Tensor, eps: Double = 1e-12) throws -> Tensor {
    try owned(ct_l2_normalize_channels(x.pointer, scale.pointer, eps))
}

/// The mean over height and width: N, C, H, W → N, C.
public func globalAveragePool(_ x: Tensor) throws -> Tensor { try owned(ct_global_average_pool(x.pointer)) }

/// Means over `side` × `side` windows that cover the map, as equal as its size allows: N, C, H, W → N, C, side, side.
public func adaptiveAveragePool(_ x: Tensor, side: Int) throws -> Tensor { try owned(ct_adaptive_average_pool(x.pointer, Int64(side))) }

/// N, C, H, W → N, C, height, width, bilinear, in the type of `x`.
///
/// `alignsCorners`: the corners' pixels lie on each other, rather than the pictures' edges (PyTorch's `align_corners`).
public func resizeBilinear(_ x: Tensor, height: Int, width: Int, alignsCorners: Bool = false) throws -> Tensor {
    try owned(ct_resize_bilinear(x.pointer, Int64(height), Int64(width), alignsCorners))
}

/// Zeroes numbers with probability `rate` (0 ..< 1) and divides the others by 1 − rate (Srivastava et al., "Dropout", 2014).
///
/// Which ones is a function of `seed` and of the numbers' places, and the same on every device. `offset`: places before the first, where `x`
/// is a part of a larger tensor; a multiple of 4. `portable`: by libtorch's operations on the processor too, which has a kernel of its own
/// with the same results.
public func dropout(_ x: Tensor, rate: Double, seed: UInt64, offset: Int = 0, portable: Bool = false) throws -> Tensor {
    try owned(ct_dropout(x.pointer, rate, seed, Int64(offset), portable))
}

/// Batch normalisation (Ioffe and Szegedy 2015), then `+ residual` where one is given, then ReLU where asked, in one pass over memory
/// where the tensors allow it.
///
/// `x` and `residual` are N, C, H, W; the statistics and the affine terms C. The running statistics are updated in place when
/// `training`; `momentum` is the share of the new batch in them.
public func batchNorm(
    _ x: Tensor, residual: Tensor? = nil, weight: Tensor, bias: Tensor, runningMean: Tensor, runningVariance: Tensor, training: Bool,
    momentum: Double = 0.1, eps: Double = 1e-5, relu: Bool = false
) throws -> Tensor {
    try owned(
        ct_batch_norm(
            x.pointer, residual?.pointer, weight.pointer, bias.pointer, runningMean.pointer, runningVariance.pointer, training, momentum,
            eps, relu))
}

/// A convolution without a bias of ReLU of batch normalisation: `conv2d(batchNorm(x, …, relu: true), …)`.
///
/// In training on the processor only `x` is kept for the backward pass, which works out again what lies between.
public func batchNormReLUConv2d(
    _ x: Tensor, normWeight: Tensor, normBias: Tensor, runningMean: Tensor, runningVariance: Tensor, training: Bool, momentum: Double = 0.1,
    eps: Double = 1e-5, weight: Tensor, stride: Int = 1, padding: Int = 0, dilation: Int = 1
) throws -> Tensor {
    try owned(
        ct_norm_relu_conv2d(
            x.pointer, normWeight.pointer, normBias.pointer, runningMean.pointer, runningVariance.pointer, training, momentum, eps,
            weight.pointer, Int64(stride), Int64(padding), Int64(dilation)))
}

/// Pixels (uint8 N, H, W, C) → (x / 255 − mean) / std as N, C, H, W in channels-last memory.
///
/// `mean` and `std` are one number a channel, on the scale 0…1; `dtype` is `.float32` or `.bfloat16`.
public func normalizeImages(_ x: Tensor, mean: [Float], std: [Float], dtype: DType = .float32) throws -> Tensor {
    let channels = x.shape.last ?? 0
    guard mean.count == channels, std.count == channels else {
        throw TorchError("\(mean.count) means and \(std.count) deviations for images of \(channels) channels; give one a channel.")
    }
    return try owned(ct_normalize_images(x.pointer, mean, std, dtype.rawValue))
}

/// The mean cross-entropy of logits (N, C) and class ids (N, int64), worked out in float32.
public func crossEntropy(_ logits: Tensor, _ classes: Tensor, labelSmoothing: Double = 0) throws -> Tensor {
    try owned(ct_cross_entropy(logits.pointer, classes.pointer, labelSmoothing))
}

/// The mean binary cross-entropy of logits and targets 0…1 of one shape; `weight` scales the elements and broadcasts.
public func binaryCrossEntropy(_ logits: Tensor, _ targets: Tensor, weight: Tensor? = nil) throws -> Tensor {
    try owned(ct_binary_cross_entropy(logits.pointer, targets.pointer, weight?.pointer))
}
