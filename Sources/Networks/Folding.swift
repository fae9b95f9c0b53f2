import Torch

extension Conv2d {
    /// This convolution with a batch norm's running statistics folded in: weight γ/σ·W, bias β + γ/σ·(b − μ).
    func prepared(with norm: BatchNorm2d, relu: Bool, dtype: DType) throws -> PreparedConv2d {
        try withoutGradient {
            let scale = try norm.weight / (norm.runningVariance + norm.eps).squareRoot()
            let mean = try bias.map { try norm.runningMean - $0 } ?? norm.runningMean
            return try PreparedConv2d(
                weight: weight * scale.reshaped([-1, 1, 1, 1]), bias: norm.bias - scale * mean, stride: stride, padding: padding,
                dilation: dilation, relu: relu, dtype: dtype)
        }
    }
}

extension Linear {
    /// This layer as a 1×1 convolution, which has its weights packed once and not read through a general matrix product.
    func prepared(dtype: DType) throws -> PreparedConv2d {
        try withoutGradient {
            try PreparedConv2d(
                weight: weight.reshaped(weight.shape + [1, 1]), bias: bias, relu: false, dtype: dtype)
        }
    }
}

/// A network whose batch norms are folded into its convolutions: stem, blocks, mean over the image, last layer.
struct FoldedResNet: InferenceNetwork {
    let stem: PreparedConv2d
    /// Whether a 3×3 max-pool of stride 2 follows the stem.
    let poolsStem: Bool
    let blocks: [FoldedBlock]
    let last: PreparedConv2d
    let dtype: DType

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        var x = try stem(x.to(dtype).channelsLast())
        if poolsStem { x = try maxPool2d(x, kernel: 3, stride: 2, padding: 1) }
        for block in blocks { x = try block(x) }
        return try last(globalAveragePool(x).reshaped([x.shape[0], -1, 1, 1]).channelsLast()).flattened(from: 1).to(.float32)
    }
}

/// A residual block: the last convolution adds the shortcut and applies ReLU.
struct FoldedBlock {
    let convolutions: [PreparedConv2d]
    /// The input under the shape of the output.
    let shortcut: (Tensor) throws -> Tensor

    func callAsFunction(_ x: Tensor) throws -> Tensor {
        var y = x
        for convolution in convolutions.dropLast() { y = try convolution(y) }
        guard let last = convolutions.last else { return y }
        // The addition may overwrite the shortcut: nothing else refers to the block's input by now.
        return try last(y, addingInto: shortcut(x))
    }
}

extension Downsample {
    func prepared(dtype: DType) throws -> PreparedConv2d { try conv.prepared(with: norm, relu: false, dtype: dtype) }
}

extension ResNet {
    /// Prepares the network for prediction.
    public func inferencePlan(precision: DType, device: Device) throws -> any InferenceNetwork {
        FoldedResNet(
            stem: try conv1.prepared(with: bn1, relu: true, dtype: precision), poolsStem: true,
            blocks: try (layer1 + layer2 + layer3 + layer4).map { try $0.folded(dtype: precision) },
            last: try fc.prepared(dtype: precision), dtype: precision)
    }
}

extension CIFARResNet {
    /// Prepares the network for prediction.
    public func inferencePlan(precision: DType, device: Device) throws -> any InferenceNetwork {
        FoldedResNet(
            stem: try conv1.prepared(with: bn1, relu: true, dtype: precision), poolsStem: false,
            blocks: try (layer1 + layer2 + layer3).map { try $0.folded(dtype: precision) }, last: try linear.prepared(dtype: precision),
            dtype: precision)
    }
}

extension BasicBlock {
    func folded(dtype: DType) throws -> FoldedBlock {
        let downsample = try downsample?.prepared(dtype: dtype)
        return FoldedBlock(
            convolutions: [
                try conv1.prepared(with: bn1, relu: true, dtype: dtype), try conv2.prepared(with: bn2, relu: true, dtype: dtype),
            ]
        ) { try downsample?($0) ?? $0 }
    }
}

extension Bottleneck {
    func folded(dtype: DType) throws -> FoldedBlock {
        let downsample = try downsample?.prepared(dtype: dtype)
        return FoldedBlock(
            convolutions: [
                try conv1.prepared(with: bn1, relu: true, dtype: dtype), try conv2.prepared(with: bn2, relu: true, dtype: dtype),
                try conv3.prepared(with: bn3, relu: true, dtype: dtype),
            ]
        ) { try downsample?($0) ?? $0 }
    }
}

extension ShortcutBlock {
    func folded(dtype: DType) throws -> FoldedBlock {
        FoldedBlock(
            convolutions: [
                try conv1.prepared(with: bn1, relu: true, dtype: dtype), try conv2.prepared(with: bn2, relu: true, dtype: dtype),
            ], shortcut: shortcut)
    }
}
