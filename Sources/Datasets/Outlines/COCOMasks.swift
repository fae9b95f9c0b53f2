import Imaging
import Storage

/// The pictures of a COCO file with masks made of the outlines of its objects: polygons, and runs (RLE).
///
/// Class 0 is the background, and the categories follow in the order of their ids. A crowd is of its category. Pixels of objects of
/// different categories are not labelled (255). An object without outline is an error of its picture's record.
///
/// Source: cocodataset.org, "Data format", "Object detection"; "Mask API".
public struct COCOMasks: OutlinedImages, NamesPictures {
    /// The background and the categories; nil where the file has no categories.
    public let classNames: [String]?
    /// `COCO outlines in instances_train2017.json`.
    public let source: String
    /// Objects that belong to no picture.
    public var warnings: [String] { boxes.warnings }
    /// Number of pictures.
    public var count: Int { boxes.count }

    private let boxes: COCOImages
    private let text: [UInt8]
    private let offset: Int
    private let maximumPixels: Int

    /// Reads a file, whose text stays in memory.
    ///
    /// Parameters as in `COCOImages.init`; `classNames` begin with the background's. `maximumPixels`: of a mask.
    /// - Throws: as there.
    public init(
        _ name: String, in store: any ObjectStore, images: (any ObjectStore)? = nil, classNames: [String]? = nil,
        maximumPixels: Int = DecodeOptions().maximumPixels
    ) throws {
        self.maximumPixels = maximumPixels
        text = try store.bytes(of: name)
        boxes = try COCOImages(name, text: text, in: store, images: images, keepsOutlines: true)
        let place = store.location(of: name)
        source = "COCO outlines in \(place)"
        offset = OutlineClasses.offset(boxes.classNames)
        self.classNames = try COCOImages.names(given: classNames, own: OutlineClasses.names(boxes.classNames), at: place)
    }

    /// Record `index`, its picture not read.
    /// - Throws: ``DatasetError`` for an outline that can't be drawn, and a picture of unknown size that can't be opened.
    public func record(at index: Int) throws -> AnnotatedImage {
        let (mask, size) = try mask(at: index)
        var record = try boxes.picture(at: index)
        record.annotation = .mask(mask)
        record.statedSize = size
        return record
    }

    /// The mask of picture `index`.
    public func annotation(at index: Int) throws -> Annotation { .mask(try mask(at: index).mask) }

    func holdsPicture(of index: Int) -> Bool { boxes.holdsPicture(of: index) }

    func picturePlace(of index: Int) -> String { boxes.picturePlace(of: index) }

    func requireOutlines() throws {
        for index in 0..<count {
            for object in boxes.objects(at: index) where object.outline == nil {
                throw refused(object, at: index, OutlineFault.missing.problem)
            }
        }
    }

    private func mask(at index: Int) throws -> (mask: ImagePayload, size: PixelSize) {
        try check(index)
        let size = try boxes.size(at: index)
        let objects = boxes.objects(at: index)
        do {
            var painter = try OutlinePainter(size, maximumPixels: maximumPixels)
            for object in objects {
                do throws(OutlineFault) {
                    guard let outline = object.outline else { throw OutlineFault.missing }
                    guard let number = boxes.classID(of: object) else {
                        throw OutlineFault("category \(object.category.prefix(40)) is none of the file's categories")
                    }
                    try painter.paint(value(outline), classID: OutlineClasses.pixel(number, offset: offset))
                } catch {
                    throw refused(object, at: index, error.problem)
                }
            }
            return (try painter.mask(), size)
        } catch let fault as OutlineFault {
            throw DatasetError(.label, at: boxes.place(of: index), fault.problem, remedy: "correct width and height")
        }
    }

    private func value(_ range: Range<Int>) throws(OutlineFault) -> JSONValue {
        do throws(JSONFault) {
            return try text[range].withUnsafeBufferPointer { bytes throws(JSONFault) in try JSONScanner.value(of: bytes) }
        } catch {
            throw OutlineFault(error.problem)
        }
    }

    private func refused(_ object: COCODocument.Box, at index: Int, _ problem: String) -> DatasetError {
        DatasetError(
            .label, at: "\(boxes.place(of: index)), annotations[\(object.annotation)]", problem,
            remedy: "write segmentation as polygons or runs (RLE), and category_id")
    }
}
