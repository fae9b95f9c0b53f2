import Datasets
import Foundation
import Imaging
import Networks
import Torch
import Weights

/// What a model says about one image.
public struct ClassificationPrediction: Sendable, Equatable {
    /// One probability a class, in the model's order; they add up to 1 unless the model is multi-label.
    public let probabilities: [Float]

    /// What a model says.
    public init(probabilities: [Float]) { self.probabilities = probabilities }

    /// The most likely class.
    public var best: Int { probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0 }
}

/// A classification model, ready to predict.
public final class ClassificationPredictor {
    /// What the model is.
    public let description: ModelDescription
    /// The network's architecture.
    public let architecture: ClassificationArchitecture
    /// Where it runs.
    public let device: Device

    private let network: any InferenceNetwork
    private let transform: ClassificationTransform

    /// Loads a model folder, a run's folder, or weights whose network is told by their names.
    ///
    /// `classNames`: names for weights that come without; nil: "0", "1", …. `precision`: float32 gives the figures of training's
    /// validation most closely; bfloat16 is about twice as fast where the processor has it. nil: bfloat16 where it is native.
    public init(_ path: String, classNames: [String]? = nil, device: Device, precision: DType? = .float32) throws {
        let (description, weights) = try ModelFolder.read(path, of: .classification)
        if let description {
            architecture = try ClassificationArchitecture(
                name: description.network, classes: description.classes.count, channels: description.preprocessing.channels)
        } else {
            architecture = try ClassificationArchitecture(of: weights, source: path)
        }
        let names = try ModelFolder.classNames(description, given: classNames, count: architecture.classes, path: path)
        let side = architecture.isSmall ? 32 : 224
        self.description =
            description
            ?? ModelDescription(
                task: "classification", network: architecture.name, classes: names,
                preprocessing: PreprocessingDescription(
                    channels: architecture.channels, height: side, width: side, resizeShorterSide: architecture.isSmall ? nil : 256))
        let network = try architecture.makeNetwork()
        try network.load(weights, source: path)
        network.train(false)
        try network.move(to: device)
        try device.checkPrecision(precision)
        self.network = try network.inferencePlan(precision: precision ?? device.nativeReducedPrecision ?? .float32, device: device)
        self.device = device
        transform = ClassificationTransform(self.description.preprocessing)
    }

    /// Logits N, classes of a normalised input N, C, H, W.
    public func logits(_ input: Tensor) throws -> Tensor { try network(input) }

    /// Predicts one image.
    ///
    /// `name`: what an error calls the image.
    public func predict(_ payload: ImagePayload, named name: String) throws -> ClassificationPrediction {
        try predict([preparation(payload, name)])[0]
    }

    /// Makes pictures ready for ``predict(_:)``, from any thread.
    public var preparation: ImagePreparation {
        let (transform, input) = (transform, description.preprocessing)
        return { payload, name in
            var random = RandomStream(seed: 0, epoch: 0, index: 0)
            let pixels = try [UInt8](unsafeUninitializedCapacity: transform.byteCount) { buffer, count in
                let slot = UnsafeMutableBufferPointer(rebasing: buffer[..<transform.byteCount])
                try transform.write(payload, named: name, into: slot, random: &random)
                count = transform.byteCount
            }
            return PreparedImage(
                size: PixelSize(width: input.width, height: input.height),
                content: try Image(width: input.width, height: input.height, channels: input.channels, pixels: pixels))
        }
    }

    /// Predicts several images in one pass.
    public func predict(_ images: [PreparedImage]) throws -> [ClassificationPrediction] {
        guard !images.isEmpty else { return [] }
        let input = description.preprocessing
        let pixels = BatchPixels(images.map(\.content))
        let rows = try withInference {
            let logits = try self.logits(pixels.input(mean: input.mean, std: input.std, dtype: .float32, device: device)).to(.float32)
            return try (description.multiLabel ? sigmoid(logits) : softmax(logits)).elements(as: Float.self)
        }
        let classes = rows.count / images.count
        return images.indices.map { ClassificationPrediction(probabilities: Array(rows[$0 * classes..<($0 + 1) * classes])) }
    }

    /// Scores a data set, every image once. `mistaken`: called with every image that is wrong.
    public func evaluate(
        _ dataset: ClassificationDataset, batchSize: Int = 64, topK: Int? = nil, workers: Int? = nil,
        progress: (Int, Int?) throws -> Void = { _, _ in }, mistaken: ((ClassificationMistake) -> Void)? = nil
    ) throws -> ClassificationMetrics {
        try dataset.check(classCount: architecture.classes)
        let evaluation = try ClassificationEvaluation(
            source: .dataset(dataset), preprocessing: description.preprocessing, batchSize: batchSize, topK: topK, device: device,
            workers: workers)
        return try evaluation.run(progress: progress, mistaken: mistaken) { try self.logits($0) }
    }
}
