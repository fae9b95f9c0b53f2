import Foundation
import Storage

/// Writes an augmented manifest, line by line, with the pictures beside it and Ground Truth's metadata, so that class names survive.
/// Classes that only a few pictures show are all named in the first line.
///
/// Beside `train.manifest` pictures go into `train/`, masks into `train_annotation/`. The manifest appears when all is done. Two pictures
/// of one name are told apart by a number, unless they are equal.
///
/// Source: spec data-formats.md, "Augmented manifest".
public final class ManifestWriter: AnnotatedImageWriter {
    /// What becomes of pictures.
    public enum Pictures: Sendable, Equatable {
        /// They are copied beside the manifest.
        case copied
        /// Lines refer to where they are; what is no file or object of its own is copied.
        case referenced
    }

    /// How a manifest is written.
    public struct Options: Sendable {
        /// What becomes of pictures. Masks are always written, as palette PNGs with the colours of the `internal-color-map`.
        public var pictures = Pictures.copied
        /// The label's attribute; nil: `class`, `bounding-box` or `mask-ref`.
        public var labelAttribute: String?
        /// How multi-label classification is written.
        public var labelFormat = AugmentedManifest.LabelFormat.multiHot
        /// How the values of masks become classes: the source's ``AnnotatedImages/labelMap``.
        public var labelMap = LabelMap.identity
        /// What stands before the copied files' paths in references, `s3://bucket/data/`; nil: the store's location where that is
        /// `s3://`, else nothing, which makes them relative to the manifest.
        public var referencePrefix: String?
        /// Leaves a copied file as it is that is there already with the right size.
        public var resume = false

        /// Pictures copied, the default attribute names, nothing resumed.
        public init() {}
    }

    private let files: ManifestWriterFiles
    private let lines: ManifestLineWriter
    private let sink: any ByteSink
    private let place: String
    private var buffer: [UInt8] = []
    private var count = 0
    private var isFinished = false

    /// Begins a manifest.
    ///
    /// - Parameters:
    ///   - name: the manifest.
    ///   - store: where it goes.
    ///   - task: the task of all its annotations.
    ///   - classNames: name of each class; nil: lines carry no names.
    ///   - options: what is to be written how.
    /// - Throws: ``DatasetError`` for a mask's attribute that does not end in `-ref`, more than 255 classes of masks, and, unless resumed, files
    ///   that are there already; `StorageError`.
    public init(
        _ name: String, in store: any ObjectStore, task: VisionTask, classNames: [String]? = nil, options: Options = Options()
    ) throws {
        let defaults: [VisionTask: String] = [.classification: "class", .detection: "bounding-box", .segmentation: "mask-ref"]
        let label = options.labelAttribute ?? defaults[task] ?? "class"
        let manifest = try AugmentedManifest(
            task: task, attributeNames: ["source-ref", label], labelFormat: options.labelFormat, classCount: nil)
        if task == .segmentation, let classNames, classNames.count > 255 {
            throw DatasetError(
                .classes, at: store.location(of: name), "masks have at most 255 classes, not \(classNames.count)",
                remedy: "join some of them")
        }
        place = store.location(of: name)
        lines = ManifestLineWriter(manifest: manifest, classNames: classNames)
        files = ManifestWriterFiles(store: store, manifest: name, options: options)
        try files.refuseExisting(name, task: task)
        sink = try store.create(name)
    }

    /// Writes a picture and its line.
    public func write(_ image: AnnotatedImage) throws {
        guard !isFinished else {
            throw DatasetError(.argument, at: place, "the manifest is finished", remedy: "write all records before finish()")
        }
        guard image.annotation.task == lines.manifest.task else {
            throw DatasetError(
                .label, at: image.place, "it is labelled for \(image.annotation.task.rawValue), not \(lines.manifest.task.rawValue)",
                remedy: "convert data of one task at a time")
        }
        let picture = try files.picture(of: image)
        var mask: String?
        var size: PixelSize?
        switch image.annotation {
        case .label: break
        case .boxes: size = try image.sizeToWrite(picture.bytes ?? image.payload.encodedBytes())
        case .mask(let payload): mask = try files.mask(payload, of: image)
        }
        try lines.append(image, picture: picture.reference, mask: mask, size: size, isFirst: count == 0, to: &buffer)
        count += 1
        if buffer.count >= 1 << 16 { try flush() }
    }

    /// Makes the manifest visible.
    public func finish() throws {
        guard !isFinished else { return }
        try flush()
        try sink.commit()
        isFinished = true
    }

    private func flush() throws {
        try sink.write(buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}
