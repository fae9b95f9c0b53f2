import Datasets
import Imaging
import Weights

/// From a picture as it is stored, with its boxes, to the pixels that the network sees and the objects that it is to find in them: decoding,
/// augmentation, stretching to the input's size (the ratio of the sides is not kept). Normalisation follows on the device. Without
/// augmentation it is the one preprocessing of validation and prediction.
///
/// Augmentation is the SSD paper's: colours, expansion, crop, flip, and a random way to resample (`spec/object-detection.md`,
/// "Augmentation"). All of it is one pass over the part of the picture that is shown, decoded no larger than needed; the expansion's canvas
/// exists in numbers only.
public struct DetectionTransform: Sendable {
    /// Size of the input, and the mean colour, which fills what lies outside of a picture.
    public let preprocessing: PreprocessingDescription
    /// Whether to vary: training.
    public let augments: Bool

    /// Makes a transform. `augments`: false for validation and prediction.
    public init(_ preprocessing: PreprocessingDescription, augments: Bool = false) {
        self.preprocessing = preprocessing
        self.augments = augments
    }

    /// Bytes of one image: height × width × 3.
    public var byteCount: Int { preprocessing.height * preprocessing.width * 3 }

    /// Writes the input's pixels (H, W, 3) into `slot`.
    ///
    /// - Parameters:
    ///   - payload: the picture.
    ///   - boxes: its objects as annotated.
    ///   - name: what errors call it.
    ///   - slot: memory for ``byteCount`` values.
    ///   - random: of the picture and the epoch.
    /// - Returns: the picture's own size; and the objects to find, in fractions of the input: those of `BoundingBox.forTraining`
    ///   whose centre is shown, clipped to what is shown.
    /// - Throws: `ImagingError` or `DatasetError` that names the picture.
    public func write(
        _ payload: ImagePayload, boxes: [BoundingBox], named name: String, into slot: UnsafeMutableBufferPointer<UInt8>,
        random: inout RandomStream
    ) throws -> (size: PixelSize, objects: [BoundingBox]) {
        do {
            let picture = try EncodedPicture(payload)
            return (picture.size, try write(picture, boxes: boxes, into: slot, random: &random))
        } catch let error as ImagingError {
            throw error.naming(name)
        }
    }

    /// Writes a record's input as ``write(_:boxes:named:into:random:)`` does. `truth`: its objects, upright like the picture.
    func write(
        _ record: DetectionRecord, into slot: UnsafeMutableBufferPointer<UInt8>, random: inout RandomStream
    ) throws -> (size: PixelSize, truth: [BoundingBox], objects: [BoundingBox]) {
        do {
            let picture = try EncodedPicture(record.payload)
            let truth = record.boxes(in: picture.shape)
            return (picture.size, truth, try write(picture, boxes: truth, into: slot, random: &random))
        } catch let error as ImagingError {
            throw error.naming(record.id)
        }
    }

    private func write(
        _ picture: EncodedPicture, boxes: [BoundingBox], into slot: UnsafeMutableBufferPointer<UInt8>, random: inout RandomStream
    ) throws -> [BoundingBox] {
        let objects = boxes.compactMap(\.forTraining)
        guard augments else {
            _ = try show(DetectionView(), of: picture, .triangle, into: slot)
            return objects
        }
        let distortion = Self.distortion(random: &random)
        let view = DetectionViewSampler.view(of: objects, random: &random)
        let filter = ResamplingFilter.allCases[Int.random(in: 0..<ResamplingFilter.allCases.count, using: &random)]
        let part = try show(view, of: picture, filter, into: slot)
        // What fills the rest stays the mean.
        if let part { try distortion.apply(to: slot, width: preprocessing.width, part: part) }
        return view.objects(objects)
    }

    private func show(
        _ view: DetectionView, of picture: EncodedPicture, _ filter: ResamplingFilter, into slot: UnsafeMutableBufferPointer<UInt8>
    ) throws -> PixelRect? {
        let (width, height) = (preprocessing.width, preprocessing.height)
        let fill = preprocessing.mean.map { UInt8(min(max($0 * 255, 0), 255).rounded()) }
        return try picture.show(
            view.pixels(of: picture.size), width: width, height: height, mirrored: view.isMirrored, filter: filter, fill: fill, into: slot)
    }

    /// Brightness ±32 of 255, contrast ½ to 3⁄2, saturation ½ to 3⁄2, hue ±18°, each with probability ½; contrast comes before or, with
    /// probability ½, behind saturation and hue (the SSD paper's implementation, `DistortImage`, without its exchange of channels).
    static func distortion(random: inout RandomStream) -> ColourDistortion {
        var distortion = ColourDistortion()
        if Bool.random(using: &random) { distortion.brightness = Double.random(in: -32...32, using: &random) }
        let contrast = Bool.random(using: &random) ? Double.random(in: 0.5...1.5, using: &random) : 1
        if Bool.random(using: &random) { distortion.contrast = contrast } else { distortion.lastContrast = contrast }
        if Bool.random(using: &random) { distortion.saturation = Double.random(in: 0.5...1.5, using: &random) }
        if Bool.random(using: &random) { distortion.hue = Double.random(in: -18...18, using: &random) }
        return distortion
    }
}

extension DetectionView {
    /// The view in pixels of a picture of this size.
    fileprivate func pixels(of size: PixelSize) -> FractionalRect {
        let (columns, rows) = (Double(size.width), Double(size.height))
        return FractionalRect(x: left * columns, y: top * rows, width: width * columns, height: height * rows)
    }
}
