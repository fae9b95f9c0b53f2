import Imaging

/// Whole RecordIO records in order, parts joined: what ``WrappedRecordStream`` reads.
protocol RecordSource: AnyObject, Sendable {
    /// The data of the next record; nil at the end.
    func nextRecord() throws -> [UInt8]?
}

/// What a pipe carries for an augmented manifest (`RecordWrapperType: RecordIO`): for each line each attribute as one RecordIO record, in
/// the order of `AttributeNames`, without image headers.
///
/// With two attributes a single record for each line is understood too, made of two parts with RecordIO's magic number between them: it is
/// told by the first record.
///
/// Source: spec data-formats.md, "Augmented manifest"; recordio.md, "Inside a SageMaker channel".
public final class WrappedRecordStream: AnnotatedImageStream, @unchecked Sendable {
    // Unchecked: a stream belongs to one thread at a time.

    /// Whether the stream can go on after the error thrown last: true after a broken record, false after a cut or unreadable stream.
    public private(set) var isRecoverable = true

    private let source: any RecordSource
    private let manifest: AugmentedManifest
    private let label: ManifestLabel
    private let place: String
    private var layout: Layout?
    /// Samples given or refused so far.
    private var count = 0
    private var names = ManifestClassNames()

    private enum Layout { case recordPerAttribute, recordPerLine }

    /// RecordIO's magic number as it stands in a file.
    private static let magic: [UInt8] = [0x0A, 0x23, 0xD7, 0xCE]

    /// `place`: what errors call the stream, a FIFO's path.
    init(_ source: any RecordSource, as manifest: AugmentedManifest, place: String) {
        self.source = source
        self.manifest = manifest
        self.place = place
        label = ManifestLabel(manifest)
    }

    /// The next line's picture and label.
    /// - Throws: ``DatasetError`` for a label that breaks its format, and for a stream that ends between a picture and its label; what the
    ///   pipe throws.
    public func next() throws -> AnnotatedImage? {
        isRecoverable = false
        guard let values = try attributes() else { return nil }
        isRecoverable = true
        let number = count
        count += 1
        return try record(image: values[0], label: values[1], others: values.dropFirst(2), number)
    }

    /// Class names of the samples so far, where `AttributeNames` holds the label's metadata too; nil where nothing told any.
    public var classNamesSoFar: [String]? { names.list(classCount: manifest.classCount) }

    private func attributes() throws -> [[UInt8]]? {
        guard let first = try source.nextRecord() else { return nil }
        if manifest.attributeNames.count == 2 {
            if layout == nil { layout = split(first) == nil ? .recordPerAttribute : .recordPerLine }
            if layout == .recordPerLine {
                guard let (image, label) = split(first) else {
                    count += 1
                    isRecoverable = true
                    throw DatasetError(
                        .malformed, at: "\(place), record \(count - 1)", "it does not hold a picture and a label, as the first record did",
                        remedy: "make the manifest's channel with RecordWrapperType RecordIO")
                }
                return [image, label]
            }
        }
        var values = [first]
        while values.count < manifest.attributeNames.count {
            guard let value = try source.nextRecord() else {
                throw DatasetError(
                    .malformed, at: "\(place), record \(count * manifest.attributeNames.count + values.count)",
                    "the stream ends where '\(manifest.attributeNames[values.count])' of sample \(count) should stand",
                    remedy: "AttributeNames (\(AugmentedManifest.listed(manifest.attributeNames))) must be those of the training request")
            }
            values.append(value)
        }
        return values
    }

    // A picture's own bytes may hold the magic number, but what follows is then neither a label's text nor a picture.
    private func split(_ record: [UInt8]) -> (image: [UInt8], label: [UInt8])? {
        guard ImageFormat.sniff(record) != nil else { return nil }
        var end = record.count
        while end >= Self.magic.count {
            let start = end - Self.magic.count
            if record[start] == Self.magic[0], record[start..<end].elementsEqual(Self.magic) {
                let tail = record[end...]
                // A text never holds the magic number, which is not UTF-8; so behind the last one the label is, or nowhere.
                let isText = manifest.task != .segmentation
                let fits = isText ? (try? value(Array(tail))) != nil : ImageFormat.sniff(tail) != nil
                if fits { return (Array(record[..<start]), Array(tail)) }
                if isText { return nil }
            }
            end -= 1
        }
        return nil
    }

    private func record(image: [UInt8], label text: [UInt8], others: ArraySlice<[UInt8]>, _ number: Int) throws -> AnnotatedImage {
        let place = "\(place), sample \(number)"
        guard ImageFormat.sniff(image) != nil || ImageFormat.sniff(text) == nil || manifest.task == .segmentation else {
            throw DatasetError(
                .malformed, at: place, "the label comes before the picture",
                remedy: "give AttributeNames in this order: the picture's attribute, then the label's")
        }
        let annotation: Annotation
        var size: PixelSize?
        let labelPlace = "\(place), '\(manifest.label)'"
        switch manifest.task {
        case .classification:
            annotation = .label(try label.classes(try parsed(text, at: labelPlace), at: labelPlace))
        case .detection:
            let (boxes, stated) = try label.boxes(try parsed(text, at: labelPlace), at: labelPlace)
            annotation = .boxes(boxes)
            size = stated
        case .segmentation:
            guard manifest.maskValues == .colours else {
                annotation = .mask(.encoded(text))
                break
            }
            let colours = try metadata(others).map { try parsed($0, at: labelPlace)["internal-color-map"] }
            annotation = .mask(.pixels(try ManifestMask.classNumbers(of: .encoded(text), colours: colours ?? nil, at: labelPlace)))
        }
        if let metadata = metadata(others) {
            var own: Int?
            if case .label(.single(let value)) = annotation { own = value }
            metadata.withUnsafeBufferPointer { names.add($0, class: own, line: number + 1) }
        }
        let digits = String(number)
        let name = String(repeating: "0", count: max(0, 10 - digits.count)) + digits
        return AnnotatedImage(
            name: ImageFileName.make(for: name, content: image), payload: .encoded(image), annotation: annotation, place: place,
            statedSize: size)
    }

    private func metadata(_ others: ArraySlice<[UInt8]>) -> [UInt8]? {
        zip(manifest.attributeNames.dropFirst(2), others).first { $0.0 == manifest.metadata }?.1
    }

    private func parsed(_ text: [UInt8], at place: String) throws -> JSONValue {
        do {
            return try value(text)
        } catch {
            throw DatasetError(
                .malformed, at: place, "byte \(error.offset): \(error.problem)",
                remedy: "the label must be JSON: a number, an array or an object")
        }
    }

    private func value(_ text: [UInt8]) throws(JSONFault) -> JSONValue {
        let result = text.withUnsafeBufferPointer { bytes in
            Result { () throws(JSONFault) in try JSONScanner.value(of: bytes) }
        }
        return try result.get()
    }
}
