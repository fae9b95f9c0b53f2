import Datasets
import Imaging
import Weights

/// From a picture and its mask as they are stored to the square that the network sees and the classes that it is to find there.
///
/// Training varies both alike: rescale, crop, flip; and the picture alone: colours, and a blur. Each is one pass over
/// the part that is shown, of which no more is decoded than is needed, and mask values are copied, never mixed. Outside of the picture lie
/// the mean colour and 255, which no loss counts (GluonCV fills with class 0 there). Normalisation follows on the device.
public struct SegmentationTransform: Sendable {
    /// Whether to vary.
    enum Kind: Sendable {
        /// Training; the long side becomes ½ to 2 times this.
        case random(baseSize: Int)
        /// The centre of the picture.
        case centre
    }

    /// Columns and rows of the crop.
    public let side: Int
    private let kind: Kind
    private let fill: [UInt8]

    private init(side: Int, mean: [Float], kind: Kind) {
        self.side = side
        self.kind = kind
        fill = mean.map { UInt8(min(max($0 * 255, 0), 255).rounded()) }
    }

    /// Random crops for training. `input`: their size, and the mean colour, which fills what lies outside of a picture.
    public static func training(_ input: PreprocessingDescription, baseSize: Int) -> Self {
        Self(side: input.height, mean: input.mean, kind: .random(baseSize: baseSize))
    }

    /// Centre crops of pictures whose short side is made as long as the crop.
    public static func centre(_ input: PreprocessingDescription) -> Self {
        Self(side: input.height, mean: input.mean, kind: .centre)
    }

    /// Writes the pixels (H, W, 3) and the classes (H, W) of an example.
    ///
    /// - Parameters:
    ///   - record: picture and mask.
    ///   - pixels: memory for side × side × 3 values.
    ///   - classes: memory for side × side values.
    ///   - random: of the record and the epoch.
    /// - Throws: `ImagingError` or `DatasetError` that names picture or mask.
    func write(
        _ record: SegmentationRecord, into pixels: UnsafeMutableBufferPointer<UInt8>, classes: UnsafeMutableBufferPointer<UInt8>,
        random: inout RandomStream
    ) throws {
        do {
            let picture = try EncodedPicture(record.payload)
            let mask = try record.decodedMask(picture: picture.shape)
            let view: SegmentationView
            switch kind {
            case .random(let baseSize): view = SegmentationView(of: picture.size, baseSize: baseSize, side: side, random: &random)
            case .centre: view = SegmentationView(centreOf: picture.size, side: side)
            }
            try Image(width: mask.size.width, height: mask.size.height, channels: 1, pixels: mask.classIDs).show(
                view.rect(in: mask.size), width: side, height: side, mirrored: view.isMirrored, filter: .nearest, fill: [255], into: classes
            )
            let part = try picture.show(
                view.rect(in: picture.size), width: side, height: side, mirrored: view.isMirrored, filter: .triangle, fill: fill,
                into: pixels)
            guard case .random = kind, let part else { return }
            try Self.distortion(random: &random).apply(to: pixels, width: side, part: part)
            if Bool.random(using: &random) {
                try GaussianBlur(radius: Double.random(in: 0...1, using: &random)).apply(to: pixels, width: side, part: part)
            }
        } catch let error as ImagingError {
            throw error.naming(record.id)
        }
    }

    /// Brightness ±25 of 255, contrast and saturation 0.8 to 1.2, hue ±10°, each with probability ½: half of what detection takes, for
    /// colours tell the classes of surfaces more than those of objects.
    static func distortion(random: inout RandomStream) -> ColourDistortion {
        var distortion = ColourDistortion()
        if Bool.random(using: &random) { distortion.brightness = Double.random(in: -25...25, using: &random) }
        if Bool.random(using: &random) { distortion.contrast = Double.random(in: 0.8...1.2, using: &random) }
        if Bool.random(using: &random) { distortion.saturation = Double.random(in: 0.8...1.2, using: &random) }
        if Bool.random(using: &random) { distortion.hue = Double.random(in: -10...10, using: &random) }
        return distortion
    }
}
