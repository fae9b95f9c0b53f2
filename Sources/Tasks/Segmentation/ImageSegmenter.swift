import Datasets
import Imaging
import Networks
import Torch
import Weights

/// How images are looked at in prediction.
public struct SegmentationViewing: Sendable, Equatable {
    /// Images of more pixels are looked at through windows. A network of 50 layers takes about 1 GB for 2.4 million.
    public var largestWhole = 2_400_000
    /// The longest side of a window, in pixels.
    public var window = 1024
    /// Columns and rows that neighbouring windows share at least.
    public var overlap = 128
    /// Sizes at which every image is looked at, 1 = its own; the probabilities are averaged.
    public var scales = [1.0]
    /// Whether each is looked at mirrored, too.
    public var flips = false

    /// The image at its own size, once.
    public init() {}

    /// The windows of an image.
    ///
    /// Where images are enlarged, windows are smaller, so that the network never sees more at once.
    func plan(of size: PixelSize) -> WindowPlan {
        let largest = max(1, scales.max() ?? 1)
        let pixels = Double(size.width) * Double(size.height) * largest * largest
        guard pixels > Double(largestWhole) else { return WindowPlan(of: size, side: max(size.width, size.height), overlap: 0) }
        let side = max(64, Int(Double(window) / largest) / 8 * 8)
        return WindowPlan(of: size, side: side, overlap: min((overlap + 7) / 8 * 8, side / 16 * 8 - 8))
    }

    /// Whether an image is looked at more than once.
    var isRepeated: Bool { scales != [1] || flips }
}

/// Finds the class of every pixel of images of any size.
///
/// Memory is that of one window: scores are kept at the network's stride and never for more than a window, and only class ids for the image.
struct ImageSegmenter {
    let preprocessing: PreprocessingDescription
    let viewing: SegmentationViewing
    let device: Device
    /// N, 3, H, W → scores N, classes, H / 8, W / 8.
    let network: (Tensor) throws -> Tensor

    /// The class ids of an image, rows from top to bottom.
    func classes(of image: Image) throws -> [UInt8] {
        let size = PixelSize(width: image.width, height: image.height)
        let windows = viewing.plan(of: size).windows
        return try withInference {
            if windows.count == 1 { return try classes(of: image, windows[0].seen).bytes() }
            var classes = [UInt8](repeating: 255, count: size.width * size.height)
            for window in windows {
                let found = try self.classes(of: image, window.seen).bytes()
                let (seen, kept) = (window.seen, window.kept)
                for y in kept.y..<kept.y + kept.height {
                    let from = (y - seen.y) * seen.width + kept.x - seen.x
                    classes.replaceSubrange(
                        y * size.width + kept.x..<y * size.width + kept.x + kept.width, with: found[from..<from + kept.width])
                }
            }
            return classes
        }
    }

    /// The probability of each class at each pixel: classes, height, width. Nothing but the result is as large as the image.
    func probabilities(of image: Image, classes: Int) throws -> [Float] {
        let size = PixelSize(width: image.width, height: image.height)
        return try withInference {
            var values = [Float](repeating: 0, count: classes * size.width * size.height)
            for window in viewing.plan(of: size).windows {
                let (seen, kept) = (window.seen, window.kept)
                let scores = try scores(of: image, seen).to(.float32)
                let enlarged = try resizeBilinear(scores, height: seen.height, width: seen.width)
                // Views are averaged as probabilities already.
                let found = try (viewing.isRepeated ? enlarged : softmax(enlarged, dim: 1)).elements(as: Float.self)
                for row in 0..<classes * kept.height {
                    let (plane, y) = (row / kept.height, kept.y + row % kept.height)
                    let from = (plane * seen.height + y - seen.y) * seen.width + kept.x - seen.x
                    let to = (plane * size.height + y) * size.width + kept.x
                    values.replaceSubrange(to..<to + kept.width, with: found[from..<from + kept.width])
                }
            }
            return values
        }
    }

    /// The class ids of a part: 1, height, width (uint8).
    private func classes(of image: Image, _ part: PixelRect) throws -> Tensor {
        try segmentationClasses(scores(of: image, part), height: part.height, width: part.width)
    }

    /// Scores of a part, at a stride: the network's own, or the mean of the probabilities of all views.
    private func scores(of image: Image, _ part: PixelRect) throws -> Tensor {
        guard viewing.isRepeated else { return try network(input(image, part, scale: 1, isMirrored: false)) }
        let finest = viewing.scales.max() ?? 1
        let (height, width) = (Self.length(part.height, finest), Self.length(part.width, finest))
        var sum: Tensor?
        for scale in viewing.scales {
            for isMirrored in viewing.flips ? [false, true] : [false] {
                let logits = try network(input(image, part, scale: scale, isMirrored: isMirrored)).to(.float32)
                var found = try softmax(logits, dim: 1)
                if isMirrored { found = try mirrored(found) }
                found = try resizeBilinear(found, height: (height + 7) / 8, width: (width + 7) / 8)
                sum = try sum.map { try $0 + found } ?? found
            }
        }
        return try sum ?? network(input(image, part, scale: 1, isMirrored: false))
    }

    private func mirrored(_ map: Tensor) throws -> Tensor {
        let columns = map.shape[3]
        return try map.selecting(Tensor((0..<columns).map { Int64(columns - 1 - $0) }).to(device), dim: 3)
    }

    private static func length(_ side: Int, _ scale: Double) -> Int { max(1, Int((Double(side) * scale).rounded())) }

    /// A part of an image, normalised.
    private func input(_ image: Image, _ part: PixelRect, scale: Double, isMirrored: Bool) throws -> Tensor {
        let (width, height) = (Self.length(part.width, scale), Self.length(part.height, scale))
        let isWhole = part.width == image.width && part.height == image.height && (width, height) == (part.width, part.height)
        let shown: Image
        if isWhole, !isMirrored {
            shown = image
        } else if (width, height) == (part.width, part.height), !isMirrored {
            shown = try image.cropped(to: part)
        } else {
            shown = try image.resized(from: FractionalRect(part), width: width, height: height, mirrored: isMirrored)
        }
        let bytes = try shown.pixels.withUnsafeBytes { try Tensor(bytes: $0, shape: [1, height, width, 3], dtype: .uint8) }
        return try normalizeImages(bytes.to(device), mean: preprocessing.mean, std: preprocessing.std)
    }
}
