import Datasets
import Imaging

/// A data set in memory, of which some records may be errors.
struct SampleImages: AnnotatedImages {
    var task = VisionTask.classification
    var classNames: [String]?
    var source = "samples"
    var warnings: [String] = []
    var labelMap = LabelMap.identity
    var records: [Result<AnnotatedImage, DatasetError>] = []

    var count: Int { records.count }

    func record(at index: Int) throws -> AnnotatedImage { try records[index].get() }
}

extension SampleImages {
    /// Labelled pictures, `name: class`.
    init(_ pictures: [(payload: ImagePayload, label: Int)], classNames: [String]? = nil, source: String = "samples") {
        self.init(classNames: classNames, source: source)
        records = pictures.enumerated().map { index, picture in
            .success(
                AnnotatedImage(
                    name: "\(index).png", payload: picture.payload, annotation: .label(.single(picture.label)),
                    place: "\(source), record \(index)"))
        }
    }

    /// One picture with boxes in pixels of `stated`: class, left, top, right, bottom.
    init(boxes: [(Int, Double, Double, Double, Double)], on payload: ImagePayload, stated: PixelSize) {
        self.init(task: .detection)
        let (width, height) = (Double(stated.width), Double(stated.height))
        let annotation = boxes.map {
            BoundingBox(classID: $0.0, left: $0.1 / width, top: $0.2 / height, right: $0.3 / width, bottom: $0.4 / height)
        }
        records = [
            .success(
                AnnotatedImage(name: "a.jpg", payload: payload, annotation: .boxes(annotation), place: "a.json", statedSize: stated))
        ]
    }

    /// One picture with a mask.
    init(mask: [UInt8], on payload: ImagePayload, labelMap: LabelMap = .identity) {
        self.init(task: .segmentation, labelMap: labelMap)
        records = [
            .success(AnnotatedImage(name: "a.jpg", payload: payload, annotation: .mask(.encoded(mask)), place: "a.png"))
        ]
    }
}

/// A picture of one colour and a dot that tells it from others.
func sample(_ number: Int, width: Int = 20, height: Int = 10) throws -> Image {
    var pixels = [UInt8](repeating: 100, count: width * height * 3)
    withUnsafeBytes(of: UInt32(number)) { for (index, byte) in $0.enumerated() { pixels[index] = byte } }
    return try Image(width: width, height: height, channels: 3, pixels: pixels)
}

/// The report of a check of one half, or two.
func report(
    _ train: any AnnotatedImages, _ validation: (any AnnotatedImages)? = nil, _ change: (inout DataCheck.Settings) -> Void = { _ in }
) throws -> DataReport {
    var settings = DataCheck.Settings()
    settings.workers = 2
    change(&settings)
    var check = DataCheck(settings)
    try check.check(DataCheck.training, at: "train") { _ in train }
    if let validation { try check.check(DataCheck.validation, at: "validation") { _ in validation } }
    return check.report()
}

extension DataReport {
    /// Kinds and places of the faults, in order.
    var found: [String] { faults.map { "\($0.kind.rawValue) \($0.channel) \($0.place)" } }
}
