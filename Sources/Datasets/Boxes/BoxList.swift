import Storage

/// The pictures and boxes of an im2rec list for detection: lines `index ⇥ A ⇥ B ⇥ … ⇥ class ⇥ xmin ⇥ ymin ⇥ xmax ⇥ ymax ⇥ … ⇥ path`.
///
/// What the numbers mean is ``ImageRecordLabels``' business: they are those of an image record. A broken line is an error of its record, and
/// so is a picture that is not there. A line whose objects are missing is a picture that shows nothing.
///
/// Source: spec object-detection.md, "RecordIO / .lst for detection".
public struct BoxList: AnnotatedImages, NamesPictures {
    /// Detection.
    public let task = VisionTask.detection
    /// From the caller, or the `classes.txt` beside the list.
    public let classNames: [String]?
    /// The list and the channel.
    public let source: String
    /// How many lines are broken.
    public let warnings: [String]
    /// Number of lines that are not blank.
    public var count: Int { lines.count }

    private struct Line: Sendable {
        let place: String
        let content: Result<(boxes: [BoundingBox], path: String), DatasetError>
    }

    private let lines: [Line]
    private let pictures: ListedPictures

    /// Reads a list.
    ///
    /// - Parameters:
    ///   - name: the list's name in `lists`.
    ///   - lists: where the list lies.
    ///   - images: the channel of the pictures; nil: the folder of the list's own name beside it, or else its own folder.
    ///   - classNames: name of each class; nil: those of the `classes.txt` beside the list.
    /// - Throws: ``DatasetError`` for a list without a readable line; `StorageError` where list or channel can't be read.
    public init(_ name: String, in lists: any ObjectStore, images: any ObjectStore, classNames: [String]? = nil) throws {
        let file = lists.location(of: name)
        var lines: [Line] = []
        var lineOfIndex: [Int: Int] = [:]
        for (number, bytes) in ListLine.split(try lists.bytes(of: name)) {
            do {
                guard let line = try ListLine(bytes, number: number, file: file, lineOfIndex: &lineOfIndex) else { continue }
                lines.append(Line(place: line.place, content: .success((try Self.boxes(line), line.path))))
            } catch let error as DatasetError {
                lines.append(Line(place: "\(file):\(number)", content: .failure(error)))
            }
        }
        let faults = lines.compactMap { if case .failure(let fault) = $0.content { fault } else { nil } }
        if faults.count == lines.count { throw faults.first ?? ListLine.empty(file) }
        self.lines = lines
        pictures = try ListedPictures(images)
        source = "\(file) with images in \(images.place)"
        warnings = faults.isEmpty ? [] : ["\(file): \(faults.count) of \(lines.count) lines are broken"]
        let folder = name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
        self.classNames = try ClassNames.chosen(
            given: classNames, own: ClassNames.read(folder + ClassNames.fileName, in: lists), at: source)
    }

    /// Picture `index`, not read, and its boxes; its place is the line.
    public func record(at index: Int) throws -> AnnotatedImage {
        let (boxes, path) = try content(index)
        let (name, payload) = try pictures.picture(path, at: lines[index].place)
        return AnnotatedImage(name: name, payload: payload, annotation: .boxes(boxes), place: lines[index].place)
    }

    /// The boxes of line `index`; whether there is a picture is not asked.
    public func annotation(at index: Int) throws -> Annotation { .boxes(try content(index).boxes) }

    func holdsPicture(of index: Int) -> Bool { (try? content(index)).map { pictures.holds($0.path) } ?? true }

    func picturePlace(of index: Int) throws -> String { "'\(try content(index).path)' in \(pictures.place), on \(lines[index].place)" }

    private func content(_ index: Int) throws -> (boxes: [BoundingBox], path: String) {
        try check(index)
        return try lines[index].content.get()
    }

    private static func boxes(_ line: ListLine) throws -> [BoundingBox] {
        let numbers = try line.values.enumerated().map { offset, text in
            guard let number = Float(ListLine.trimmed(text)) else {
                throw DatasetError(
                    .malformed, at: "\(line.place), column \(offset + 2)", "'\(text)' is not a number",
                    remedy: "write header width, object width, then class and edges of each object")
            }
            return number
        }
        guard case .boxes(let boxes) = try ImageRecordLabels.annotation(numbers, task: .detection, place: line.place) else { return [] }
        return boxes
    }
}
