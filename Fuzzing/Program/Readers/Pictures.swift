import Datasets
import Imaging

extension FuzzTarget {
    /// Pictures are refused above this; what they may take is stated by it.
    private static let most = 1 << 18
    /// Pixels twice (turned upright) of three channels, libpng's rows of 8 bytes a pixel, libjpeg's coefficients of 2 bytes in up to four
    /// components, padded to whole blocks.
    private static let memory = 16 * most + (4 << 20)

    /// JPEG: header, whole, grey, reduced, a region, tolerant.
    static let jpeg = FuzzTarget("jpeg", base: memory, picture)
    /// PNG: the same.
    static let png = FuzzTarget("png", base: memory, picture)

    /// Masks of class numbers.
    static let mask = FuzzTarget("mask", base: memory) { bytes in
        var size: PixelSize?
        try attempt { size = try Mask.size(of: bytes) }
        let mask = try Mask.decode(bytes, options: DecodeOptions(maximumPixels: most))
        guard mask.size == size, mask.classIDs.count == mask.size.width * mask.size.height else {
            throw FuzzFinding("a mask of another size than its header's")
        }
        _ = try Mask.decode(mask.encodedPNG(palette: nil))
    }

    @Sendable private static func picture(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        let region = (0..<4).map { _ in input.choice(256) }
        let layout: ChannelLayout = input.choice(2) == 0 ? .rgb : .grey
        let isTolerant = input.choice(2) == 1
        let wanted = [nil, 1, 8, 30][input.choice(4)]
        let file = input.file
        let header = try ImageHeader(of: file)
        let options = DecodeOptions(minimumShorterSide: wanted, tolerant: isTolerant, maximumPixels: most)
        try attempt {
            let image = try Image(decoding: file, channels: layout, options: options)
            let isWhole = image.width == header.width && image.height == header.height
            guard isWhole || wanted != nil && image.width <= header.width && image.height <= header.height else {
                throw FuzzFinding("\(image.width)×\(image.height) pixels of a picture of \(header.width)×\(header.height)")
            }
        }
        // In proportion to the picture, so that most regions lie in it; the rest must be refused.
        let rect = PixelRect(
            x: region[0] * header.width / 250, y: region[1] * header.height / 250,
            width: max(1, region[2] * header.width / 500), height: max(1, region[3] * header.height / 500))
        let size = wanted ?? 8
        let part = try Image.decodingRegion(rect, of: file, toCover: (size, size), channels: layout, options: options)
        _ = try part.resized(width: size, height: size, mirrored: isTolerant)
    }
}
