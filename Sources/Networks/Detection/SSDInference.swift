import Torch

/// A detector prepared for prediction: its feature maps, then each map's two heads as one convolution.
struct PreparedSSD: DetectionInferenceNetwork {
    let maps: (Tensor) throws -> [Tensor]
    let head: [(convolution: PreparedConv2d, scores: Int)]
    let classes: Int
    let anchors: AnchorBoxes
    let dtype: DType

    func callAsFunction(_ x: Tensor) throws -> DetectionOutput {
        var rows = AnchorRows(classes: classes)
        for (map, head) in zip(try maps(x.to(dtype).channelsLast()), head) {
            try rows.append(head.convolution(map), scores: head.scores)
        }
        return try rows.output()
    }
}

/// One convolution after another.
struct PreparedChain {
    let convolutions: [PreparedConv2d]

    func callAsFunction(_ x: Tensor) throws -> Tensor { try convolutions.reduce(x) { try $1($0) } }
}

extension Conv2d {
    /// This convolution, which has a bias, with or without ReLU behind it.
    func prepared(relu: Bool, dtype: DType) throws -> PreparedConv2d {
        try withoutGradient {
            try PreparedConv2d(
                weight: weight, bias: bias ?? .zeros([weight.shape[0]], device: weight.device), stride: stride, padding: padding,
                dilation: dilation, relu: relu, dtype: dtype)
        }
    }
}

extension SSDVGG {
    /// Prepares the network for prediction.
    public func inferencePlan(precision: DType, device: Device) throws -> any DetectionInferenceNetwork {
        func chain(_ convolutions: [Conv2d]) throws -> PreparedChain {
            PreparedChain(convolutions: try convolutions.map { try $0.prepared(relu: true, dtype: precision) })
        }
        let stages = try backbone.vgg.stages.map(chain)
        let last = try chain([backbone.fc6, backbone.fc7])
        let extras = try backbone.extras.map { try chain([$0.narrow, $0.wide]) }
        let scale = try backbone.scale.detached()
        return PreparedSSD(
            maps: { x in
                var x = x
                for stage in 0..<3 { x = try maxPool2d(stages[stage](x), VGG16.pooling(behind: stage)) }
                x = try stages[3](x)
                var maps = [try l2NormalizeChannels(x, scale: scale)]
                x = try stages[4](maxPool2d(x, VGG16.pooling(behind: 3)))
                maps.append(try last(maxPool2d(x, SSDVGGBackbone.lastPooling)))
                for extra in extras { maps.append(try extra(maps[maps.count - 1])) }
                return maps
            }, head: try head.prepared(dtype: precision), classes: head.classes, anchors: anchors, dtype: precision)
    }
}

extension SSDResNet {
    /// Prepares the network for prediction.
    public func inferencePlan(precision: DType, device: Device) throws -> any DetectionInferenceNetwork {
        let stem = try backbone.conv1.prepared(with: backbone.bn1, relu: true, dtype: precision)
        let blocks = try (backbone.layer1 + backbone.layer2 + backbone.layer3).map { try $0.folded(dtype: precision) }
        let extras = try backbone.extra.map {
            PreparedChain(convolutions: [
                try $0.narrow.prepared(with: $0.narrowNorm, relu: true, dtype: precision),
                try $0.wide.prepared(with: $0.wideNorm, relu: true, dtype: precision),
            ])
        }
        return PreparedSSD(
            maps: { x in
                var x = try maxPool2d(stem(x), kernel: 3, stride: 2, padding: 1)
                for block in blocks { x = try block(x) }
                var maps = [x]
                for extra in extras { maps.append(try extra(maps[maps.count - 1])) }
                return maps
            }, head: try head.prepared(dtype: precision), classes: head.classes, anchors: anchors, dtype: precision)
    }
}
