import Imaging
import Machine

/// Makes large pictures smaller, once and for all epochs to come: most of what a photograph of twelve megapixels costs a training run is
/// decoding it again and again.
public struct PictureShrinking: Codable, Sendable, Equatable {
    /// The shorter side that larger pictures get, in pixels; smaller ones stay as they are, byte for byte.
    public let shorterSide: Int
    /// Of JPEGs, 1…100. What was a PNG stays one.
    public let quality: Int

    /// im2rec's `--resize` and `--quality`.
    /// - Throws: ``DatasetError`` for a side or a quality that there is not.
    public init(shorterSide: Int, quality: Int = 95) throws {
        guard (8...16_384).contains(shorterSide) else {
            throw DatasetError(.argument, at: "resize", "it is \(shorterSide)", remedy: "give 8 to 16384 pixels")
        }
        guard (1...100).contains(quality) else {
            throw DatasetError(.argument, at: "quality", "it is \(quality)", remedy: "give 1 to 100")
        }
        (self.shorterSide, self.quality) = (shorterSide, quality)
    }

    /// The picture made smaller, upright, and what was said about it, turned and scaled with it.
    /// - Throws: ``DatasetError`` for a picture or a mask that can't be read; `StorageError`.
    func shrunk(_ image: AnnotatedImage) throws -> AnnotatedImage {
        guard image.payload.isEncoded else { return image }
        let bytes = try image.payload.encodedBytes()
        do {
            let header = try ImageHeader(of: bytes)
            guard min(header.width, header.height) > shorterSide else { return image }
            let small = try Image(decoding: bytes, options: DecodeOptions(minimumShorterSide: shorterSide))
                .resizedShorterSide(to: shorterSide)
            let shape = PictureShape(header)
            var result = image
            result.payload = .encoded(header.format == .png ? try small.encodedPNG() : try small.encodedJPEG(quality: quality))
            switch image.annotation {
            case .label: break
            case .boxes(let boxes): result.annotation = .boxes(boxes.upright(in: shape, stated: image.statedSize))
            case .mask:
                let mask = try image.decodedMask(picture: shape)
                let whole = try Image(width: mask.size.width, height: mask.size.height, channels: 1, pixels: mask.classIDs)
                result.annotation = .mask(.pixels(try whole.resizedNearest(width: small.width, height: small.height)))
            }
            if image.statedSize != nil { result.statedSize = PixelSize(width: small.width, height: small.height) }
            return result
        } catch let error as ImagingError {
            throw DatasetError(.malformed, at: image.pictureLocation, error.description, remedy: "copy it again or remove it from the data")
        }
    }
}

extension AnnotatedImages {
    /// Records `numbers`, made smaller where `shrinking` says so, on all processors: what is long is decoding.
    func records(_ numbers: Range<Int>, _ shrinking: PictureShrinking?) throws -> [AnnotatedImage] {
        guard let shrinking else { return try numbers.map { try record(at: $0) } }
        let results = concurrentMap(numbers.count, width: ProcessorCores.available) { index in
            Result { try shrinking.shrunk(record(at: numbers.lowerBound + index)) }
        }
        return try results.map { try $0.get() }
    }
}
