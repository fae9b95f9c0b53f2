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
        record.annotation = .mask(try mask(of: record, index))
        return record
    }

    /// The mask of picture `index`.
    public func annotation(at index: Int) throws -> Annotation { .mask(try mask(of: boxes.picture(at: index), index)) }

    func requireOutlines() throws {
        for index in 0..<count {
            for line in try boxes.lines(at: index) where line.numbers.count == 4 { throw refused(Self.isBox, at: index, line.number) }
        }
    }

    private static let isBox = "it is a box, and segmentation takes outlines"

    private func mask(of record: AnnotatedImage, _ index: Int) throws -> ImagePayload {
        let size = try PixelSize(ofPicture: record.payload.encodedBytes(), place: record.pictureLocation)
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
            throw DatasetError(.label, at: record.place, fault.problem, remedy: "use a smaller picture")
        }
    }

    private func refused(_ problem: String, at index: Int, _ line: Int) -> DatasetError {
        DatasetError(
            .label, at: "\((try? boxes.picture(at: index).place) ?? source):\(line)", problem,
            remedy: "write class and the corners' x and y, as fractions, or train detection")
    }
}
