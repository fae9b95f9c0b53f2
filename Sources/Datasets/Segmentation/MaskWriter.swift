import Imaging
import Storage

/// Writes pictures and masks in SageMaker's layout: `train/a.jpg` with `train_annotation/a.png`, and `classes.txt` beside them.
///
/// Pictures and masks are copied byte by byte. Only where a label map must be applied are masks decoded, and written as PNG of class ids.
/// Used by one thread at a time. Source: spec data-formats.md, "Segmentation, image files".
public final class MaskWriter: AnnotatedImageWriter {
    private let channel: String
    private let labelMap: LabelMap
    private let palette: Palette?
    private let classNames: [String]?
    private var files: PictureFiles

    /// A writer into a channel that does not exist yet.
    ///
    /// - Parameters:
    ///   - store: where the channel's folders go.
    ///   - channel: their name: `train` or `validation`.
    ///   - classNames: what goes into `classes.txt`; nil: no such file.
    ///   - labelMap: of the data that are written; what is written holds class ids, so that it needs none.
    ///   - palette: the colours of masks that are encoded here; nil: greyscale.
    ///   - resume: goes on where an earlier run of the same data stopped: files that are there with the same size are kept.
    /// - Throws: ``DatasetError`` for files that are there already without `resume`, and class names that `classes.txt` can't hold;
    ///   `StorageError`.
    public init(
        _ store: any ObjectStore, channel: String = "train", classNames: [String]? = nil, labelMap: LabelMap = .identity,
        palette: Palette? = .pascalVOC, resume: Bool = false
    ) throws {
        files = PictureFiles(store, resume: resume)
        try files.refuseExisting(prefix: channel + "/")
        try files.refuseExisting(prefix: channel + "_annotation/")
        if let classNames { try ClassNames.check(classNames, beforeWritingTo: store) }
        self.channel = channel
        self.labelMap = labelMap
        self.palette = palette
        self.classNames = classNames
    }

    /// Writes a picture and its mask.
    /// - Throws: ``DatasetError`` for another annotation than a mask, a mask that is no PNG or, with a label map, can't be decoded;
    ///   `StorageError`.
    public func write(_ image: AnnotatedImage) throws {
        guard case .mask(let payload) = image.annotation else {
            throw DatasetError(
                .argument, at: image.place, "it has no mask", remedy: "masks are written from a data set for segmentation")
        }
        let mask = try encodedMask(payload, place: image.place)
        let picture = try image.payload.encodedBytes()
        // By its stem, for `a.jpg` and `a.png` would share a mask.
        let name = files.uniqueName(for: image.name, content: picture, byStem: true)
        try files.write(picture, to: "\(channel)/\(name)")
        try files.write(mask, to: "\(channel)_annotation/\(ImageFileName.stem(of: name)).png")
    }

    /// Writes `classes.txt`.
    public func finish() throws {
        if let classNames { try ClassNames.write(classNames, to: files.store) }
    }

    private func encodedMask(_ payload: ImagePayload, place: String) throws -> [UInt8] {
        let bytes = try payload.encodedBytes()
        guard labelMap == .identity else {
            return try Mask.decode(bytes, labelMap: labelMap, place: place).encodedPNG(palette: palette)
        }
        // The size is read for its errors: a JPEG, colours and 16 bits are no mask under any name.
        _ = try Mask.size(of: bytes, place: place)
        return bytes
    }
}
