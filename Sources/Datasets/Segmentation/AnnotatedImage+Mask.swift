import Imaging

extension AnnotatedImage {
    /// The decoded mask, upright like its picture, of which only the header is read.
    ///
    /// A mask that is as large as the picture before its EXIF orientation turns it was made by a program that ignores the tag: it is turned
    /// with the picture.
    ///
    /// - Parameters:
    ///   - labelMap: the data set's: ``AnnotatedImages/labelMap``.
    ///   - picture: its size and how it is turned, where that is known already; else the picture's header tells.
    /// - Throws: ``DatasetError`` where the record has no mask, the mask can't be read as one (see ``Mask/decode(_:labelMap:place:options:)``),
    ///   or has another size than the picture; `StorageError`.
    public func decodedMask(labelMap: LabelMap = .identity, picture: PictureShape? = nil) throws -> Mask {
        guard case .mask(let payload) = annotation else {
            throw DatasetError(.argument, at: place, "it has no mask", remedy: "give a data set for segmentation")
        }
        let mask = try payload.decodedMask(labelMap: labelMap, place: place)
        let picture = try picture ?? pictureShape()
        if mask.size == picture.size { return mask }
        guard let turned = mask.turned(like: picture) else {
            throw DatasetError.wrongMaskSize(mask.size, picture: picture.size, named: name, at: place)
        }
        return turned
    }

    /// The picture's upright size and how its file is turned, from its header.
    /// - Throws: ``DatasetError`` for a file that is no picture; `StorageError`.
    public func pictureShape() throws -> PictureShape {
        if case .pixels(let image) = payload {
            return PictureShape(image)
        }
        do {
            return PictureShape(try ImageHeader(of: payload.encodedBytes()))
        } catch let error as ImagingError {
            throw DatasetError(.malformed, at: name, error.description, remedy: "")
        }
    }
}

extension ImagePayload {
    /// The mask that the payload is: a PNG, or class numbers that a reader has made already.
    /// - Throws: ``DatasetError`` as ``Mask/decode(_:labelMap:place:options:)``; `StorageError`.
    func decodedMask(labelMap: LabelMap, place: String) throws -> Mask {
        if case .pixels(let image) = self, image.channels == 1 {
            return try Mask(size: PixelSize(width: image.width, height: image.height), classIDs: image.pixels).applying(labelMap)
        }
        return try Mask.decode(encodedBytes(), labelMap: labelMap, place: place)
    }
}
