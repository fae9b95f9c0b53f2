import Imaging

extension AnnotatedImage {
    /// The decoded mask, compared in size with its picture, of which only the header is read.
    ///
    /// - Parameters:
    ///   - labelMap: the data set's: ``AnnotatedImages/labelMap``.
    ///   - pictureSize: the picture's size where it is known already; else the picture's header tells.
    /// - Throws: ``DatasetError`` where the record has no mask, the mask can't be read as one (see ``Mask/decode(_:labelMap:place:options:)``),
    ///   or has another size than the picture; `StorageError`.
    public func decodedMask(labelMap: LabelMap = .identity, pictureSize: PixelSize? = nil) throws -> Mask {
        guard case .mask(let payload) = annotation else {
            throw DatasetError(.argument, at: place, "it has no mask", remedy: "give a data set for segmentation")
        }
        let mask = try payload.decodedMask(labelMap: labelMap, place: place)
        let picture = try pictureSize ?? readPictureSize()
        guard mask.size == picture else {
            throw DatasetError.wrongMaskSize(mask.size, picture: picture, named: name, at: place)
        }
        return mask
    }

    /// The picture's size, from its header.
    private func readPictureSize() throws -> PixelSize {
        if case .pixels(let image) = payload { return PixelSize(width: image.width, height: image.height) }
        do {
            let header = try ImageHeader(of: payload.encodedBytes())
            return PixelSize(width: header.width, height: header.height)
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
