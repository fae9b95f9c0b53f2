import Datasets
import Imaging
import Networks
import Torch
import Weights

/// A detection model, ready to predict.
public final class DetectionPredictor {
    /// What the model is.
    public let description: ModelDescription
    /// The network's architecture.
    public let architecture: DetectionArchitecture
    /// Where it runs.
    public let device: Device

    private let network: any DetectionInferenceNetwork
    private let transform: DetectionTransform
    private let anchors: Tensor
    private let settings: DetectionHyperparameters

    /// Loads a model folder, a run's folder, or weights whose network is told by their names.
    ///
    /// `classNames`: names for weights that come without; nil: "0", "1", …. `precision`: of products; nil: bfloat16 where it is native.
    public init(_ path: String, classNames: [String]? = nil, device: Device, precision: DType? = .float32) throws {
        let (found, weights) = try ModelFolder.read(path, of: .detection)
        if let found {
            architecture = try DetectionArchitecture(name: found.network, classes: found.classes.count)
        } else {
            architecture = try DetectionArchitecture(of: weights, source: path)
        }
        let names = try ModelFolder.classNames(found, given: classNames, count: architecture.classes, path: path)
        description =
            found
            ?? ModelDescription(task: "detection", network: architecture.name, classes: names, preprocessing: architecture.preprocessing)
        settings = try DetectionHyperparameters(description.hyperparameters)
        let network = try architecture.makeNetwork()
        try network.load(weights, source: path)
        network.train(false)
        try network.move(to: device)
        try device.checkPrecision(precision)
        self.network = try network.inferencePlan(precision: precision ?? device.nativeReducedPrecision ?? .float32, device: device)
        anchors = try network.anchors.tensor(on: device)
        self.device = device
        transform = DetectionTransform(description.preprocessing)
    }

    /// Finds the objects in one image, best first; their edges are fractions of its sides.
    ///
    /// `name`: what an error calls the image. `threshold`: scores must exceed it.
    /// - Returns: the objects and the image's own size.
    public func predict(
        _ payload: ImagePayload, named name: String, threshold: Double = 0.01
    ) throws -> (detections: [Detection], size: PixelSize) {
        let image = try preparation(payload, name)
        return (try predict([image], threshold: threshold)[0], image.size)
    }

    /// Makes pictures ready for ``predict(_:threshold:)``, from any thread.
    public var preparation: ImagePreparation {
        let (transform, input) = (transform, description.preprocessing)
        return { payload, name in
            var random = RandomStream(seed: 0, epoch: 0, index: 0)
            var size = PixelSize(width: input.width, height: input.height)
            let pixels = try [UInt8](unsafeUninitializedCapacity: transform.byteCount) { buffer, count in
                let slot = UnsafeMutableBufferPointer(rebasing: buffer[..<transform.byteCount])
                size = try transform.write(payload, boxes: [], named: name, into: slot, random: &random).size
                count = transform.byteCount
            }
            return PreparedImage(size: size, content: try Image(width: input.width, height: input.height, channels: 3, pixels: pixels))
        }
    }

    /// Finds the objects in several images in one pass: those of each, best first, in fractions of its sides.
    public func predict(_ images: [PreparedImage], threshold: Double = 0.01) throws -> [[Detection]] {
        guard !images.isEmpty else { return [] }
        let input = description.preprocessing
        let pixels = BatchPixels(images.map(\.content))
        return try withInference {
            let output = try network(pixels.input(mean: input.mean, std: input.std, dtype: .float32, device: device))
            return try settings.postprocessor(scoreThreshold: threshold)(output, anchors: anchors)
        }
    }

    /// Scores a data set, every image once. `scored`: called with each of them.
    public func evaluate(
        _ source: DetectionSource, batchSize: Int = 8, overlap: Double? = nil, workers: Int? = nil,
        progress: (Int, Int?) throws -> Void = { _, _ in }, scored: ((DetectionImageScore) -> Void)? = nil
    ) throws -> DetectionMetrics {
        if case .dataset(let dataset) = source { try dataset.check(classCount: architecture.classes) }
        let evaluation = try DetectionEvaluation(
            source: source, preprocessing: description.preprocessing, batchSize: batchSize, overlap: overlap ?? settings.overlapThreshold,
            device: device, workers: workers)
        return try evaluation.run(postprocessor: settings.postprocessor(), anchors: anchors, progress: progress, scored: scored) {
            try network($0)
        }
    }
}
