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
        let mask = try Mask.decode(payload.encodedBytes(), labelMap: labelMap, place: place)
        let picture = try pictureSize ?? readPictureSize()
        guard mask.size == picture else {
            throw DatasetError(
                .malformed, at: place,
                "the mask has \(mask.size.width)×\(mask.size.height) pixels, its picture '\(name)' \(picture.width)×\(picture.height)",
                remedy: "make the mask again from this picture")
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
