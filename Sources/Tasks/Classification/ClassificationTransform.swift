import Datasets
import Foundation
import Imaging
import Weights

/// From an image as it is stored to the pixels that the network sees: decoding, resizing, augmentation, cropping. Normalisation follows on
/// the device. Without augmentation it is the one preprocessing of validation and prediction.
///
/// The order is that of MXNet's default augmenter (`spec/image-classification.md`): resize → affine warp → crop → HLS shift → flip.
public struct ClassificationTransform: Sendable {
    /// Sizes of input and resize.
    public let preprocessing: PreprocessingDescription
    /// How to vary; nil: centre crop.
    public let augmentation: ClassificationHyperparameters.Augmentation?
    /// Pixels of black around an image that is exactly as large as the input, before a random crop: 4 for small networks
    /// (He et al. 2015, section 4.2), else 0.
    public let cropPadding: Int

    /// Makes a transform.
    public init(
        _ preprocessing: PreprocessingDescription, augmentation: ClassificationHyperparameters.Augmentation? = nil, cropPadding: Int = 0
    ) {
        self.preprocessing = preprocessing
        self.augmentation = augmentation
        self.cropPadding = cropPadding
    }

    /// Bytes of one image: height × width × channels.
    public var byteCount: Int { preprocessing.height * preprocessing.width * preprocessing.channels }

    /// Writes the input's pixels (H, W, C) into `slot`.
    /// - Throws: `ImagingError` or `DatasetError` that names the image.
    public func write(
        _ payload: ImagePayload, named name: String, into slot: UnsafeMutableBufferPointer<UInt8>, random: inout RandomStream
    ) throws {
        do {
            switch payload {
            case .pixels(let image): try write(matching(image), into: slot, random: &random)
            case .file, .stored, .encoded: try write(encoded: try payload.encodedBytes(), into: slot, random: &random)
            }
        } catch let error as ImagingError {
            throw error.naming(name)
        }
    }

    private var layout: ChannelLayout { preprocessing.channels == 1 ? .grey : .rgb }

    private func matching(_ image: Image) -> Image {
        if image.channels == preprocessing.channels { return image }
        return preprocessing.channels == 1 ? image.grey() : image.rgb()
    }

    private func write(encoded: [UInt8], into slot: UnsafeMutableBufferPointer<UInt8>, random: inout RandomStream) throws {
        if augmentation == .randomResizedCrop {
            let header = try ImageHeader(of: encoded)
            let region = Self.randomRegion(width: header.width, height: header.height, random: &random)
            let mirrored = Bool.random(using: &random)
            try Image.decodingRegion(
                region, of: encoded, toCover: (preprocessing.width, preprocessing.height), channels: layout
            ).resize(width: preprocessing.width, height: preprocessing.height, mirrored: mirrored, into: slot)
            return
        }
        let options = DecodeOptions(minimumShorterSide: preprocessing.resizeShorterSide)
        try write(Image(decoding: encoded, channels: layout, options: options), into: slot, random: &random)
    }

    private func write(_ image: Image, into slot: UnsafeMutableBufferPointer<UInt8>, random: inout RandomStream) throws {
        let (width, height) = (preprocessing.width, preprocessing.height)
        if augmentation == .randomResizedCrop {
            let region = Self.randomRegion(width: image.width, height: image.height, random: &random)
            try image.resize(from: FractionalRect(region), width: width, height: height, mirrored: Bool.random(using: &random), into: slot)
            return
        }
        var image = image
        var size = try scaledSize(image)
        if augmentation == .cropColorTransform {
            if size.width != image.width || size.height != image.height {
                image = try image.resized(width: size.width, height: size.height)
            }
            image = try warped(image, random: &random)
            size = (image.width, image.height)
        } else if augmentation != nil, cropPadding > 0, size == (width, height) {
            if size != (image.width, image.height) { image = try image.resized(width: size.width, height: size.height) }
            image = try image.padded(left: cropPadding, top: cropPadding, right: cropPadding, bottom: cropPadding, with: [0])
            size = (image.width, image.height)
        }
        let x = augmentation == nil ? (size.width - width) / 2 : Int.random(in: 0...(size.width - width), using: &random)
        let y = augmentation == nil ? (size.height - height) / 2 : Int.random(in: 0...(size.height - height), using: &random)
        let cropped: Image
        if size == (image.width, image.height) {
            cropped = try image.cropped(to: PixelRect(x: x, y: y, width: width, height: height))
        } else {
            // Resize and crop in one pass: only the pixels of the crop are made.
            let (scaleX, scaleY) = (Double(image.width) / Double(size.width), Double(image.height) / Double(size.height))
            cropped = try image.resized(
                from: FractionalRect(
                    x: Double(x) * scaleX, y: Double(y) * scaleY, width: Double(width) * scaleX, height: Double(height) * scaleY),
                width: width, height: height)
        }
        try shifted(cropped, random: &random).write(into: slot, mirrored: augmentation != nil && Bool.random(using: &random))
    }

    /// The size after resizing: the shorter side as asked, and never smaller than the input.
    private func scaledSize(_ image: Image) throws -> (width: Int, height: Int) {
        var size = (width: image.width, height: image.height)
        if let side = preprocessing.resizeShorterSide {
            size = try Image.size(ofShorterSide: side, width: image.width, height: image.height)
        }
        if size.width < preprocessing.width || size.height < preprocessing.height {
            let scale = max(
                Double(preprocessing.width) / Double(image.width), Double(preprocessing.height) / Double(image.height))
            size = (
                max(preprocessing.width, Int((Double(image.width) * scale).rounded())),
                max(preprocessing.height, Int((Double(image.height) * scale).rounded()))
            )
        }
        return size
    }

    /// Rotation by whole degrees in ±10, shear in ±0.1, aspect ratio in 1 ± 0.25; uncovered corners are white.
    private func warped(_ image: Image, random: inout RandomStream) throws -> Image {
        let angle = Double(Int.random(in: -10...10, using: &random)) * .pi / 180
        let shear = Double.random(in: -0.1...0.1, using: &random)
        let ratio = 1 + Double.random(in: -0.25...0.25, using: &random)
        // With ratio r the height scales by 2 / (1 + r) and the width by r times that, so that the area is roughly kept.
        let heightScale = 2 / (1 + ratio)
        let widthScale = ratio * heightScale
        let (cosine, sine) = (cos(angle), sin(angle))
        let width = max(preprocessing.width, image.width)
        let height = max(preprocessing.height, image.height)
        // Columns of MXNet's warp: rotation with shear, scaled; then the centre goes to the centre.
        let a = heightScale * cosine - shear * sine * widthScale
        let b = heightScale * sine + shear * cosine * widthScale
        let c = -sine * widthScale
        let d = cosine * widthScale
        let matrix = AffineMatrix(
            a, b, (Double(width) - (a * Double(image.width) + b * Double(image.height))) / 2, c, d,
            (Double(height) - (c * Double(image.width) + d * Double(image.height))) / 2)
        return try image.affineWarped(matrix, width: width, height: height, fill: 255)
    }

    /// Whole shifts: hue in ±36 of 180, saturation and lightness in ±50 of 255.
    private func shifted(_ image: Image, random: inout RandomStream) -> Image {
        guard augmentation == .cropColor || augmentation == .cropColorTransform, image.channels == 3 else { return image }
        let hue = Int.random(in: -36...36, using: &random)
        let saturation = Int.random(in: -50...50, using: &random)
        let lightness = Int.random(in: -50...50, using: &random)
        return image.adjustingHLS(hue: hue, saturation: saturation, lightness: lightness)
    }

    /// A part of 8 to 100 % of the area with a ratio of 3/4 to 4/3; after ten tries the largest central part (torchvision's rule).
    static func randomRegion(width: Int, height: Int, random: inout RandomStream) -> PixelRect {
        let area = Double(width) * Double(height)
        for _ in 0..<10 {
            let target = area * Double.random(in: 0.08...1, using: &random)
            let ratio = exp(Double.random(in: log(3.0 / 4)...log(4.0 / 3), using: &random))
            let w = Int((target * ratio).squareRoot().rounded())
            let h = Int((target / ratio).squareRoot().rounded())
            guard w >= 1, h >= 1, w <= width, h <= height else { continue }
            return PixelRect(
                x: Int.random(in: 0...(width - w), using: &random), y: Int.random(in: 0...(height - h), using: &random), width: w, height: h
            )
        }
        let ratio = min(max(Double(width) / Double(height), 3.0 / 4), 4.0 / 3)
        let w = min(width, max(1, Int((Double(height) * ratio).rounded())))
        let h = min(height, max(1, Int((Double(width) / ratio).rounded())))
        return PixelRect(x: (width - w) / 2, y: (height - h) / 2, width: w, height: h)
    }
}
