import Datasets
import Imaging
import Networks
import Torch
import Weights

/// A segmentation model, ready to predict.
public final class SegmentationPredictor {
    /// What the model is.
    public let description: ModelDescription
    /// The network's architecture.
    public let architecture: SegmentationArchitecture
    /// Where it runs.
    public let device: Device
    /// How images are looked at.
    public let viewing: SegmentationViewing

    private let network: any SegmentationInferenceNetwork

    /// Loads a model folder, a run's folder, or weights whose network is told by their names.
    ///
    /// `classNames`: names for weights that come without; nil: "0", "1", …. `precision`: of products; nil: bfloat16 where it is native.
    /// `viewing`: how images are looked at: whole up to a size, through windows beyond it; at several scales, mirrored.
    public init(
        _ path: String, classNames: [String]? = nil, device: Device, precision: DType? = .float32,
        viewing: SegmentationViewing = SegmentationViewing()
    ) throws {
        let (found, weights) = try ModelFolder.read(path, of: .segmentation)
        if let found {
            architecture = try SegmentationArchitecture(name: found.network, classes: found.classes.count)
        } else {
            architecture = try SegmentationArchitecture(of: weights, source: path)
        }
        let names = try ModelFolder.classNames(found, given: classNames, count: architecture.classes, path: path)
        description =
            found
            ?? ModelDescription(task: "segmentation", network: architecture.name, classes: names, preprocessing: architecture.preprocessing)
        let network = try architecture.makeNetwork(hasAuxiliary: SegmentationArchitecture.hasAuxiliary(weights))
        try network.load(weights, source: path)
        network.train(false)
        try network.move(to: device)
        try device.checkPrecision(precision)
        self.network = try network.inferencePlan(precision: precision ?? device.nativeReducedPrecision ?? .float32, device: device)
        self.device = device
        self.viewing = viewing
    }

    private var segmenter: ImageSegmenter {
        ImageSegmenter(preprocessing: description.preprocessing, viewing: viewing, device: device) { [network] in try network($0) }
    }

    /// The class of every pixel of an image, at the image's own size.
    public func predict(_ image: Image) throws -> Mask {
        try Mask(
            size: PixelSize(width: image.width, height: image.height),
            classIDs: segmenter.classes(of: image.channels == 3 ? image : image.rgb()))
    }

    /// The class of every pixel of a picture as it is stored, and the picture. `name`: what an error calls it.
    public func predict(_ payload: ImagePayload, named name: String) throws -> (mask: Mask, image: Image) {
        do {
            let image = try EncodedPicture(payload).image()
            return (try predict(image), image)
        } catch let error as ImagingError {
            throw error.naming(name)
        }
    }

    /// Makes pictures ready for prediction and ``probabilities(of:)``, from any thread.
    public var preparation: ImagePreparation {
        { payload, name in
            do {
                let image = try EncodedPicture(payload).image()
                return PreparedImage(
                    size: PixelSize(width: image.width, height: image.height), content: image.channels == 3 ? image : image.rgb())
            } catch let error as ImagingError {
                throw error.naming(name)
            }
        }
    }

    /// The class of every pixel of a picture, at the picture's own size.
    public func predict(_ image: PreparedImage) throws -> Mask { try predict(image.content) }

    /// The probability of every class at every pixel of a picture, at the picture's own size: 4 bytes a class and pixel.
    public func probabilities(of image: PreparedImage) throws -> SegmentationProbabilities {
        let classes = architecture.classes
        return SegmentationProbabilities(
            size: image.size, classes: classes, values: try segmenter.probabilities(of: image.content, classes: classes))
    }

    /// Scores a data set, every image once. `scored`: called with each of them that is looked at as a whole.
    public func evaluate(
        _ source: SegmentationSource, extent: SegmentationEvaluation.Extent = .whole, workers: Int? = nil,
        progress: (Int, Int?) throws -> Void = { _, _ in }, scored: ((SegmentationImageScore) -> Void)? = nil
    ) throws -> SegmentationMetrics {
        if case .dataset(let dataset) = source { try dataset.check(classCount: architecture.classes) }
        let evaluation = try SegmentationEvaluation(
            source: source, preprocessing: description.preprocessing, extent: extent, viewing: viewing, device: device, workers: workers)
        return try evaluation.run(progress: progress, scored: scored) { [network] in try network($0) }
    }
}
