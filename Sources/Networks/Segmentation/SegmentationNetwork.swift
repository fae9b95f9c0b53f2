import Torch

/// What a segmentation network says about an image: a score for every class at every pixel of a map.
public struct SegmentationOutput {
    /// N, classes, H / 8, W / 8, rounded up, not enlarged; float32, or autocast's type.
    public let logits: Tensor
    /// The same of the auxiliary head; nil in evaluation, and where the network has none.
    public let auxiliary: Tensor?

    /// Puts both together.
    public init(logits: Tensor, auxiliary: Tensor? = nil) {
        self.logits = logits
        self.auxiliary = auxiliary
    }
}

/// A network that tells the class of every pixel.
public protocol SegmentationNetwork: Module {
    /// N, 3, H, W, normalised, channels-last, of any height and width → scores.
    func callAsFunction(_ x: Tensor) throws -> SegmentationOutput
    /// The network prepared for prediction: batch norm folded, weights prepacked, float32 or bfloat16.
    func inferencePlan(precision: DType, device: Device) throws -> any SegmentationInferenceNetwork
}

/// A segmentation network prepared to predict on one device, without gradients.
public protocol SegmentationInferenceNetwork {
    /// N, 3, H, W, normalised, of any height and width → N, classes, H / 8, W / 8, rounded up (float32 or the plan's precision).
    func callAsFunction(_ x: Tensor) throws -> Tensor
}

/// A head on a backbone's map.
protocol SegmentationHead: Module {
    /// N, C, h, w → N, classes, h, w.
    func callAsFunction(_ x: Tensor) throws -> Tensor
    /// The head with its batch norms folded into its convolutions.
    func prepared(dtype: DType) throws -> (Tensor) throws -> Tensor
}

/// A dilated residual network with a head and, for training, an auxiliary head on its third stage; torchvision's names: `backbone.…`,
/// `classifier.…`, `aux_classifier.…`.
public final class DilatedSegmentationNetwork: SegmentationNetwork {
    let backbone: DilatedResNet
    let classifier: any SegmentationHead
    let auxiliary: FCNHead?
    private var isTraining = true

    init(_ architecture: SegmentationArchitecture, seed: UInt64, hasAuxiliary: Bool) throws {
        backbone = try DilatedResNet(depth: architecture.depth, initialization: Initialization(.torchvision, seed: seed))
        let (channels, classes) = (backbone.channels, architecture.classes)
        let initialization = Initialization(.fanIn, seed: seed &+ 1)
        classifier =
            switch architecture.algorithm {
            case .fcn: try FCNHead(channels.last, classes: classes, initialization: initialization, seed: seed &+ 1)
            case .psp: try PSPHead(channels.last, classes: classes, initialization: initialization, seed: seed &+ 1)
            case .deeplab: try DeepLabHead(channels.last, classes: classes, initialization: initialization, seed: seed &+ 1)
            }
        // A seed of its own: the other weights are the same with and without it.
        auxiliary =
            hasAuxiliary
            ? try FCNHead(channels.third, classes: classes, initialization: Initialization(.fanIn, seed: seed &+ 2), seed: seed &+ 2) : nil
    }

    /// N, 3, H, W → scores at the backbone's stride, of the auxiliary head in training only.
    public func callAsFunction(_ x: Tensor) throws -> SegmentationOutput {
        let maps = try backbone(x)
        let wanted = isTraining ? auxiliary : nil
        return SegmentationOutput(logits: try classifier(maps.last), auxiliary: try wanted.map { try $0(maps.third) })
    }

    /// The auxiliary head counts in training only.
    public func setTraining(_ training: Bool) { isTraining = training }

    /// torchvision's names.
    public var children: [(name: String, module: any Module)] {
        [("backbone", backbone), ("classifier", classifier)] + (auxiliary.map { [("aux_classifier", $0)] } ?? [])
    }
}
