import Imaging

/// The class of every pixel of a picture, 255 = not labelled.
public struct Mask: Sendable, Equatable {
    /// Columns and rows.
    public let size: PixelSize
    /// Class ids, rows from top to bottom, pixels from left to right: `height * width` of them.
    public let classIDs: [UInt8]

    /// A mask from its class ids.
    /// - Throws: ``DatasetError`` unless the sides are positive and there are exactly `height * width` class ids.
    public init(size: PixelSize, classIDs: [UInt8]) throws {
        let (count, overflows) = size.width.multipliedReportingOverflow(by: size.height)
        guard size.width > 0, size.height > 0, !overflows, count == classIDs.count else {
            throw DatasetError(
                .argument, at: "mask", "\(classIDs.count) class ids for \(size.width)×\(size.height) pixels",
                remedy: "give one class id for each pixel")
        }
        self.size = size
        self.classIDs = classIDs
    }

    private init(_ image: Image, _ labelMap: LabelMap) {
        size = PixelSize(width: image.width, height: image.height)
        classIDs = labelMap == .identity ? image.pixels : Self.apply(labelMap, to: image.pixels)
    }

    /// The mask with its values taken through a label map.
    public func applying(_ labelMap: LabelMap) -> Mask {
        Mask(size: size, unchecked: labelMap == .identity ? classIDs : Self.apply(labelMap, to: classIDs))
    }

    private init(size: PixelSize, unchecked classIDs: [UInt8]) {
        self.size = size
        self.classIDs = classIDs
    }

    private static func apply(_ labelMap: LabelMap, to values: [UInt8]) -> [UInt8] {
        labelMap.classOfValue.withUnsafeBufferPointer { table in values.map { table[Int($0)] } }
    }

    /// Number of pixels of each of the 256 values.
    public var histogram: [Int] {
        var counts = [Int](repeating: 0, count: 256)
        for value in classIDs { counts[Int(value)] += 1 }
        return counts
    }

    /// The mask as PNG: palette indices, which viewers show in colours, or grey values where `palette` is nil.
    /// - Throws: ``DatasetError`` where a class id lies beyond the palette.
    public func encodedPNG(palette: Palette? = .pascalVOC) throws -> [UInt8] {
        do {
            return try Image(width: size.width, height: size.height, channels: 1, pixels: classIDs).encodedPNG(palette: palette)
        } catch let error as ImagingError {
            throw DatasetError(.argument, at: "mask", error.description, remedy: "")
        }
    }

    /// Reads a mask: an 8-bit greyscale PNG, or a palette PNG of 1, 2, 4 or 8 bits, of which the indices count and never the colours.
    ///
    /// Values are those that Pillow gives, with which the original reads masks: 1-bit greyscale is 0 and 1; 2- and 4-bit greyscale are
    /// stretched to 0…255, as the PNG standard shows them (and as optimisers pack 8-bit masks), so that 2 bits hold 0, 85, 170, 255.
    /// An alpha channel is dropped.
    ///
    /// - Parameters:
    ///   - bytes: the PNG file.
    ///   - labelMap: what values stand for.
    ///   - place: what errors name: the mask's file.
    ///   - options: the limit on pixels.
    /// - Throws: ``DatasetError`` for JPEG, colours, 16 bits, a damaged file, or more pixels than allowed.
    public static func decode(
        _ bytes: [UInt8], labelMap: LabelMap = .identity, place: String = "mask", options: DecodeOptions = .init()
    ) throws -> Mask {
        do {
            let header = try PNGMaskHeader(bytes, place: place)
            try header.check(byteCount: bytes.count, place: place)
            let image = try Image.decodingIndices(bytes, options: options)
            return Mask(try header.stretched(image), labelMap)
        } catch let error as ImagingError {
            throw DatasetError(.malformed, at: place, error.description, remedy: "")
        }
    }

    /// The size that a mask's header states; its pixels are not read.
    ///
    /// `place`: what errors name.
    /// - Throws: ``DatasetError`` as ``decode(_:labelMap:place:options:)``, as far as the header tells.
    public static func size(of bytes: [UInt8], place: String = "mask") throws -> PixelSize {
        do {
            let header = try PNGMaskHeader(bytes, place: place)
            try header.check(byteCount: bytes.count, place: place)
            let image = try ImageHeader(of: bytes)
            return PixelSize(width: image.width, height: image.height)
        } catch let error as ImagingError {
            throw DatasetError(.malformed, at: place, error.description, remedy: "")
        }
    }
}
