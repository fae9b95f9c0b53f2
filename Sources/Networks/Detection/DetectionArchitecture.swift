import Torch
import Weights

/// Which detection network, by the name that a model file carries.
public struct DetectionArchitecture: Equatable, Sendable {
    /// The network under the detector: one of ``bases``.
    public let base: String
    /// Object classes, without the background.
    public let classes: Int
    /// The side of the square images in pixels.
    public let size: Int

    /// Names of base networks.
    public static let bases = ["vgg-16"] + SSDResNet.depths.map { "resnet-\($0)" }

    /// The smallest side in pixels.
    public static let smallestSize = 300

    /// The prefix of the weight names that depend on the number of classes.
    public static let classHead = SSDHead.classificationName

    /// Names a network.
    /// - Throws: `NetworkError` for a base that there is not, no class, or images that are too small.
    public init(base: String, classes: Int, size: Int) throws {
        guard Self.bases.contains(base) else {
            throw NetworkError("base_network '\(base)' is not one of \(Self.bases.joined(separator: ", ")).")
        }
        guard classes >= 1 else { throw NetworkError("num_classes \(classes): a detector needs at least one class.") }
        guard size >= Self.smallestSize else {
            throw NetworkError("image_shape \(size) is less than \(Self.smallestSize) pixels; choose 300, 512 or another size from 300 on.")
        }
        self.base = base
        self.classes = classes
        self.size = size
    }

    /// `ssd-300-vgg-16`, `ssd-512-resnet-50`.
    public var name: String { "ssd-\(size)-\(base)" }

    /// Reads a network's name.
    /// - Throws: `NetworkError` for a name that is none.
    public init(name: String, classes: Int) throws {
        let parts = name.split(separator: "-", maxSplits: 2).map(String.init)
        guard parts.count == 3, parts[0] == "ssd", let size = Int(parts[1]) else {
            throw NetworkError("network '\(name)' is no detector that this program knows; a known one is 'ssd-300-vgg-16'.")
        }
        try self.init(base: parts[2], classes: classes, size: size)
    }

    /// The number of layers of a residual base; nil for VGG-16.
    private var depth: Int? { base.hasPrefix("resnet-") ? Int(base.dropFirst("resnet-".count)) : nil }

    /// Makes the network with fresh weights: the backbone's as torchvision's of that backbone, what SSD adds Xavier-uniform.
    public func makeNetwork(seed: UInt64 = 0) throws -> any DetectionNetwork {
        try depth.map { try SSDResNet(depth: $0, classes: classes, size: size, seed: seed) }
            ?? SSDVGG(classes: classes, size: size, seed: seed)
    }

    /// How an image becomes the network's input. VGG-16: as torchvision's `ssd300_vgg16`, 0…255 minus the mean colour; ResNets: ImageNet's
    /// mean and deviation. The ratio of the sides is not kept.
    public var preprocessing: PreprocessingDescription {
        var description = PreprocessingDescription(channels: 3, height: size, width: size)
        if depth == nil {
            description.mean = InputConvention.torchvisionMean
            description.std = [Float](repeating: 1 / 255, count: 3)
        }
        return description
    }

    /// Finds out from names and shapes which network weights belong to. A size they tell only by the number of maps: 300 for six, 512
    /// for seven, unless `size` is given.
    /// - Throws: `NetworkError` where they fit none.
    public init(of weights: WeightDictionary, source: String, size: Int? = nil) throws {
        func outputs(_ head: String, _ map: Int) -> Int? { weights["head.\(head).module_list.\(map).weight"]?.shape.first }
        guard let scores = outputs("classification_head", 0), let numbers = outputs("regression_head", 0), numbers >= 4,
            scores % (numbers / 4) == 0, let base = Self.base(of: weights)
        else {
            throw NetworkError(
                "\(source): its weight names fit no detector of this program (SSD as torchvision names it); the first is '\(weights.names.first ?? "none")'."
            )
        }
        try self.init(base: base, classes: scores / (numbers / 4) - 1, size: size ?? (outputs("regression_head", 6) == nil ? 300 : 512))
    }

    private static func base(of weights: WeightDictionary) -> String? {
        if weights["backbone.scale_weight"] != nil { return "vgg-16" }
        let counts = (1...3).map { stage in
            (0...).prefix { weights["backbone.layer\(stage).\($0).conv1.weight"] != nil }.count
        }
        let bottleneck = weights["backbone.layer1.0.conv3.weight"] != nil
        return SSDResNet.depths.first {
            ResNet.blocks[$0]?.prefix(3) == counts[...] && ResNet.isBottleneck(depth: $0) == bottleneck
        }.map { "resnet-\($0)" }
    }
}
