import Torch
import Weights

/// A network that gives each image one logit a class.
public protocol ClassificationNetwork: Module {
    /// N, C, H, W → logits N, classes.
    func callAsFunction(_ x: Tensor) throws -> Tensor
    /// Runs without training: N, C, H, W → logits N, classes, with batch norm folded and weights prepacked.
    func inferencePlan(precision: DType, device: Device) throws -> any InferenceNetwork
    /// The prefix of the last layer's weight names, such as `fc.`.
    static var lastLayer: String { get }
}

/// A network prepared to predict on one device, without gradients.
public protocol InferenceNetwork {
    /// N, C, H, W → logits N, classes.
    func callAsFunction(_ x: Tensor) throws -> Tensor
}

/// Which classification network, by the name that a model file carries.
public struct ClassificationArchitecture: Equatable, Sendable {
    /// Layers with weights: 18…200 for large images, 20…110 for small ones.
    public let depth: Int
    /// Outputs.
    public let classes: Int
    /// Channels of the image.
    public let channels: Int

    /// Depths of both families, large images first.
    public static let depths = ResNet.depths + CIFARResNet.depths

    /// Names a network.
    /// - Throws: `NetworkError` for a depth that there is not.
    public init(depth: Int, classes: Int, channels: Int = 3) throws {
        guard Self.depths.contains(depth) else {
            throw NetworkError("num_layers \(depth) is not one of \(Self.depths.map(String.init).joined(separator: ", ")).")
        }
        self.depth = depth
        self.classes = classes
        self.channels = channels
    }

    /// Whether it is of the family for images of about 32 pixels.
    public var isSmall: Bool { CIFARResNet.depths.contains(depth) }

    /// `resnet-50`, `cifar-resnet-20`.
    public var name: String { (isSmall ? "cifar-resnet-" : "resnet-") + String(depth) }

    /// The prefix of the last layer's weight names.
    public var lastLayer: String { isSmall ? CIFARResNet.lastLayer : ResNet.lastLayer }

    /// Makes the network with fresh weights.
    public func makeNetwork(seed: UInt64 = 0) throws -> any ClassificationNetwork {
        isSmall
            ? try CIFARResNet(depth: depth, classes: classes, channels: channels, seed: seed)
            : try ResNet(depth: depth, classes: classes, channels: channels, seed: seed)
    }

    /// Reads a network's name.
    public init(name: String, classes: Int, channels: Int) throws {
        guard let depth = name.split(separator: "-").last.flatMap({ Int($0) }) else {
            throw NetworkError(
                "network '\(name)' is none that this program knows; known are resnet-18 … resnet-200 and cifar-resnet-20 … cifar-resnet-110."
            )
        }
        try self.init(depth: depth, classes: classes, channels: channels)
        guard self.name == name else {
            throw NetworkError("network '\(name)' is none that this program knows; did you mean '\(self.name)'?")
        }
    }

    /// Finds out from names and shapes which network weights belong to.
    /// - Throws: `NetworkError` where they fit none.
    public init(of weights: WeightDictionary, source: String) throws {
        func blocks(_ layer: Int) -> Int {
            Set(
                weights.names.compactMap { name -> String? in
                    let parts = name.split(separator: ".")
                    return parts.count > 2 && parts[0] == "layer\(layer)" ? String(parts[1]) : nil
                }
            ).count
        }
        let channels = weights["conv1.weight"].flatMap { $0.shape.count == 4 ? $0.shape[1] : nil } ?? 3
        if let last = weights["linear.weight"], last.shape.count == 2, blocks(1) > 0, blocks(4) == 0 {
            try self.init(depth: 6 * blocks(1) + 2, classes: last.shape[0], channels: channels)
            return
        }
        if let last = weights["fc.weight"], last.shape.count == 2 {
            let counts = (1...4).map(blocks)
            let bottleneck = weights["layer1.0.conv3.weight"] != nil
            if let depth = ResNet.depth(blocks: counts, bottleneck: bottleneck) {
                try self.init(depth: depth, classes: last.shape[0], channels: channels)
                return
            }
        }
        throw NetworkError(
            "\(source): its weight names fit no network of this program (ResNet as torchvision names it, CIFAR ResNet); the first is '\(weights.names.first ?? "none")'."
        )
    }
}
