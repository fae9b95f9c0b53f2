import Imaging
import Storage

/// Pictures with a text of outlines each, as YOLO's segmentation trainers read them: lines `class x y x y x y …`, the corners as fractions of the
/// picture's sides.
///
/// Class 0 is the background, and the file's classes follow. Pixels of objects of different classes are not labelled (255). A picture
/// without a text is all background. A line with a box is an error of its picture's record.
///
/// Source: docs.ultralytics.com, "Instance Segmentation Datasets Overview", "Ultralytics YOLO format".
public struct YOLOMasks: OutlinedImages {
    /// The background and the classes of the caller, the description, or a `classes.txt`.
    public let classNames: [String]?
    /// Where the pictures lie.
    public let source: String
    /// Texts without a picture.
    public var warnings: [String] { boxes.warnings }
    /// Number of pictures.
    public var count: Int { boxes.count }

    private let boxes: YOLOImages
    private let offset: Int

    /// Opens one set of a data set; parameters as in `YOLOImages.init`, `classNames` with the background's first.
    /// - Throws: as there.
    public init(_ files: ChannelFiles, set: String, description name: String? = nil, classNames: [String]? = nil) throws {
        boxes = try YOLOImages(files, set: set, description: name)
        source = "YOLO outlines of \(set) in \(files.place)"
        offset = OutlineClasses.offset(boxes.classNames)
        self.classNames = try ClassNames.chosen(given: classNames, own: OutlineClasses.names(boxes.classNames), at: files.place)
    }

    /// Record `index`; its picture's header tells the mask's size.
    public func record(at index: Int) throws -> AnnotatedImage {
        var record = try boxes.picture(at: index)
        let picture = try record.payload.encodedBytes()
        record.annotation = .mask(try mask(of: picture, index))
        // Whoever decodes it need not ask a server once more.
        if !boxes.isLocal { record.payload = .encoded(picture) }
        return record
    }

    /// The mask of picture `index`.
    public func annotation(at index: Int) throws -> Annotation {
        .mask(try mask(of: boxes.picture(at: index).payload.encodedBytes(), index))
    }

    func requireOutlines() throws {
        // In a bucket each text would be a request.
        guard boxes.isLocal else { return }
        let found = concurrentMap(count) { index in
            Result { try boxes.lines(at: index).first { $0.numbers.count == 4 }?.number }
        }
        for (index, line) in found.enumerated() {
            if let line = try line.get() { throw refused(Self.isBox, at: index, line) }
        }
    }

    private static let isBox = "it is a box, and segmentation takes outlines"

    private func mask(of picture: [UInt8], _ index: Int) throws -> ImagePayload {
        let size = try PixelSize(ofPicture: picture, place: boxes.picture(at: index).pictureLocation)
        do {
            var painter = try OutlinePainter(size)
            for line in try boxes.lines(at: index) {
                do throws(OutlineFault) {
                    guard line.numbers.count != 4 else { throw OutlineFault(Self.isBox) }
                    let corners = line.numbers.enumerated().map {
                        $0.element * Double($0.offset.isMultiple(of: 2) ? size.width : size.height)
                    }
                    try painter.paint(polygon: corners, classID: OutlineClasses.pixel(line.classID, offset: offset))
                } catch {
                    throw refused(error.problem, at: index, line.number)
                }
            }
            return try painter.mask()
        } catch let fault as OutlineFault {
            throw try DatasetError(.label, at: boxes.picture(at: index).place, fault.problem, remedy: "use a smaller picture")
        }
    }

    private func refused(_ problem: String, at index: Int, _ line: Int) -> DatasetError {
        DatasetError(
            .label, at: "\((try? boxes.picture(at: index).place) ?? source):\(line)", problem,
            remedy: "write class and the corners' x and y, as fractions, or train detection")
    }
}
