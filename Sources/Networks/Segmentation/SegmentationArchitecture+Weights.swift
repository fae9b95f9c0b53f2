import Torch
import Weights

extension SegmentationArchitecture {
    /// Finds out from names and shapes which network weights belong to.
    /// - Throws: `NetworkError` where they fit none.
    public init(of weights: WeightDictionary, source: String) throws {
        let algorithm: SegmentationAlgorithm? =
            if weights["classifier.0.convs.0.0.weight"] != nil {
                .deeplab
            } else if weights["classifier.0.convs.0.1.weight"] != nil {
                .psp
            } else if weights["classifier.0.weight"] != nil {
                .fcn
            } else { nil }
        guard let algorithm, let classes = weights["classifier.\(algorithm.lastLayer).weight"]?.shape.first,
            let backbone = Self.backbone(of: weights)
        else {
            throw NetworkError(
                "\(source): its weight names fit no segmentation network of this program (FCN and DeepLabV3 as torchvision names them, PSPNet); the first is '\(weights.names.first ?? "none")'."
            )
        }
        try self.init(algorithm: algorithm, backbone: backbone, classes: classes)
    }

    private static func backbone(of weights: WeightDictionary) -> String? {
        let counts = (1...4).map { stage in
            (0...).prefix { weights["backbone.layer\(stage).\($0).conv1.weight"] != nil }.count
        }
        return ResNet.depth(blocks: counts, bottleneck: weights["backbone.layer1.0.conv3.weight"] != nil).map { "resnet-\($0)" }
    }

    /// Copies a classifier's or another segmentation network's weights into the backbone; the heads keep theirs.
    ///
    /// - Parameters:
    ///   - network: made by this architecture.
    ///   - weights: torchvision's names of a ResNet of the same depth, with or without `backbone.` before them; what else there is, is
    ///     not used.
    ///   - source: the file that an error should name.
    /// - Throws: `NetworkError` that names what is missing or of another shape. Nothing is copied then.
    public func loadBackbone(_ network: any SegmentationNetwork, from weights: WeightDictionary, source: String) throws {
        let prefix = "backbone."
        let pairs = try network.namedTensors.filter { $0.name.hasPrefix(prefix) }.map { target -> (Tensor, WeightArray) in
            let name = String(target.name.dropFirst(prefix.count))
            guard let array = weights[target.name] ?? weights[name] else { throw misfit(source, "it lacks \(name)") }
            guard array.shape == target.tensor.shape else {
                throw misfit(source, "\(name) is \(array.shape) where \(target.tensor.shape) is needed")
            }
            return (target.tensor, array)
        }
        try withoutGradient {
            for (tensor, array) in pairs { try tensor.copy(from: Tensor(array)) }
        }
    }

    private func misfit(_ source: String, _ fault: String) -> NetworkError {
        NetworkError("\(source) does not fit backbone '\(backbone)': \(fault). Give weights of torchvision's \(backbone) classifier.")
    }
}
