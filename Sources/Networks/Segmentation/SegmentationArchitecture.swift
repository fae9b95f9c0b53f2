import Torch
import Weights

/// The head of a segmentation network, under SageMaker's names.
public enum SegmentationAlgorithm: String, CaseIterable, Sendable {
    /// A fully convolutional network: two convolutions.
    case fcn
    /// Pyramid scene parsing: means over 1, 4, 9 and 36 windows.
    case psp
    /// DeepLabV3: atrous spatial pyramid pooling.
    case deeplab
}

/// Which segmentation network, by the name that a model file carries.
public struct SegmentationArchitecture: Equatable, Sendable {
    /// The head.
    public let algorithm: SegmentationAlgorithm
    /// The network under it: one of ``backbones``.
    public let backbone: String
    /// Classes, the background among them.
    public let classes: Int

    /// Names of backbones.
    public static let backbones = DilatedResNet.depths.map { "resnet-\($0)" }

    /// How many classes there may be. A mask's 255 is a hole.
    public static let classCounts = 2...254

    /// Each pixel of the map stands for this many of the image in either direction.
    public static let stride = 8

    /// Names a network.
    /// - Throws: `NetworkError` for a backbone that there is not, and for too few or too many classes.
    public init(algorithm: SegmentationAlgorithm, backbone: String, classes: Int) throws {
        guard Self.backbones.contains(backbone) else {
            throw NetworkError("backbone '\(backbone)' is not one of \(Self.backbones.joined(separator: ", ")).")
        }
        guard Self.classCounts.contains(classes) else {
            throw NetworkError(
                "num_classes \(classes) is not in \(Self.classCounts.lowerBound)…\(Self.classCounts.upperBound), the background included.")
        }
        self.algorithm = algorithm
        self.backbone = backbone
        self.classes = classes
    }

    /// `fcn-resnet-50`, `deeplab-resnet-101`.
    public var name: String { "\(algorithm.rawValue)-\(backbone)" }

    /// Reads a network's name.
    /// - Throws: `NetworkError` for a name that is none.
    public init(name: String, classes: Int) throws {
        let parts = name.split(separator: "-", maxSplits: 1).map(String.init)
        guard parts.count == 2, let algorithm = SegmentationAlgorithm(rawValue: parts[0]) else {
            throw NetworkError("network '\(name)' is no segmentation network that this program knows; a known one is 'fcn-resnet-50'.")
        }
        try self.init(algorithm: algorithm, backbone: parts[1], classes: classes)
    }

    /// Layers of the backbone.
    var depth: Int { Int(backbone.dropFirst("resnet-".count)) ?? 0 }

    /// Makes the network with fresh weights: the backbone's as torchvision's of a classifier, the heads' uniform ± 1/√fan-in.
    ///
    /// `seed`: of the weights and of what dropout drops. `hasAuxiliary`: with a second head on the third stage, for training.
    public func makeNetwork(seed: UInt64 = 0, hasAuxiliary: Bool = false) throws -> any SegmentationNetwork {
        try DilatedSegmentationNetwork(self, seed: seed, hasAuxiliary: hasAuxiliary)
    }

    /// How an image becomes the network's input: ImageNet's mean and deviation, at its own size. Height and width are 0: any.
    public var preprocessing: PreprocessingDescription { PreprocessingDescription(channels: 3, height: 0, width: 0) }

    /// The prefix of the auxiliary head's weight names.
    public static let auxiliaryHead = "aux_classifier."

    /// The prefixes of the weight names that depend on the number of classes.
    public var classHeads: [String] { ["classifier.\(algorithm.lastLayer).", Self.auxiliaryHead + "4."] }

    /// The prefixes of the weight names of both heads, which are fresh where only the backbone is transferred.
    public static let heads = ["classifier.", auxiliaryHead]

    /// Whether weights have an auxiliary head.
    public static func hasAuxiliary(_ weights: WeightDictionary) -> Bool { weights.names.contains { $0.hasPrefix(auxiliaryHead) } }
}

extension SegmentationAlgorithm {
    /// The number of the last convolution in the head's sequence.
    var lastLayer: Int { self == .psp ? 5 : 4 }
}
