/// SageMaker's JSON object for the boxes of a picture, `{"image_size": […], "annotations": […]}`: the content of its annotation files and the
/// label of an augmented manifest's line.
///
/// Source: spec data-formats.md, "Detection, image files", "Augmented manifest".
enum BoxObject {
    /// The boxes and the size that they were drawn at. `classCount`: what class numbers must lie below, where it is known. `place`: what
    /// errors name.
    static func read(
        _ value: JSONValue, classCount: Int?, at place: @autoclosure () -> String
    ) throws -> (boxes: [BoundingBox], size: PixelSize) {
        let value = value.unwrapped
        guard case .object = value else {
            throw DatasetError(
                .label, at: place(), "\(value.kind) (\(value.excerpt)) where an object with image_size and annotations should be",
                remedy: "write {\"image_size\": […], \"annotations\": […]}")
        }
        let size = try size(value["image_size"], at: place())
        guard case .array(let annotations)? = value["annotations"] else {
            throw DatasetError(
                .label, at: place(), value["annotations"].map { "annotations is \($0.kind)" } ?? "annotations is missing",
                remedy: "write \"annotations\": [], with one object for each box")
        }
        var boxes: [BoundingBox] = []
        boxes.reserveCapacity(annotations.count)
        for (index, annotation) in annotations.enumerated() {
            boxes.append(try box(annotation, in: size, classCount: classCount) { "\(place()), annotation \(index)" })
        }
        return (boxes, size)
    }

    /// Appends the members `image_size` and `annotations`, with a comma between them, in pixels of a picture of this size.
    ///
    /// `place`: what errors name.
    /// - Throws: ``DatasetError`` for a negative class or an edge that is not finite.
    static func append(_ boxes: [BoundingBox], _ size: PixelSize, to text: inout [UInt8], place: String) throws {
        func refused(_ problem: String) -> DatasetError {
            DatasetError(.label, at: place, problem, remedy: "correct the annotation")
        }
        text.append(contentsOf: "\"image_size\":[{\"width\":\(size.width),\"height\":\(size.height),\"depth\":3}],\"annotations\":[".utf8)
        for (index, box) in boxes.enumerated() {
            guard box.classID >= 0 else { throw refused("box \(index) has the class \(box.classID)") }
            let (left, top, width, height) = box.inPixels(width: size.width, height: size.height)
            guard [left, top, width, height].allSatisfy(\.isFinite) else { throw refused("an edge of box \(index) is not finite") }
            text.append(contentsOf: "\(index == 0 ? "" : ","){\"class_id\":\(box.classID),\"left\":\(pixels(left)),".utf8)
            text.append(contentsOf: "\"top\":\(pixels(top)),\"width\":\(pixels(width)),\"height\":\(pixels(height))}".utf8)
        }
        text.append(contentsOf: "]".utf8)
    }

    // Whole pixels stay whole on their way through fractions.
    private static func pixels(_ value: Double) -> String {
        let whole = value.rounded()
        return abs(value - whole) < 1e-6 && whole.magnitude < 1e15 ? String(Int(whole)) : "\(value)"
    }

    private static func box(
        _ value: JSONValue, in size: PixelSize, classCount: Int?, at place: () -> String
    ) throws -> BoundingBox {
        func number(_ key: String) throws -> Double {
            if case .number(let number)? = value[key]?.unwrapped { return number }
            throw DatasetError(
                .label, at: place(), value[key].map { "\(key) is \($0.excerpt), not a number" } ?? "\(key) is missing",
                remedy: "write class_id, left, top, width and height, in pixels")
        }
        let classID = try JSONValue.number(try number("class_id")).classNumber(below: classCount, at: "\(place()), class_id")
        let (left, top, width, height) = (try number("left"), try number("top"), try number("width"), try number("height"))
        let (columns, rows) = (Double(size.width), Double(size.height))
        let box = BoundingBox(
            classID: classID, left: left / columns, top: top / rows, right: (left + width) / columns, bottom: (top + height) / rows)
        guard box.right.isFinite, box.bottom.isFinite else {
            throw DatasetError(.label, at: place(), "its edges are beyond all numbers", remedy: "write the box in pixels")
        }
        return box
    }

    // `image_size` is a list of one object; a plain object means the same.
    private static func size(_ value: JSONValue?, at place: @autoclosure () -> String) throws -> PixelSize {
        var stated = value
        if case .array(let sizes)? = value { stated = sizes.first }
        func side(_ key: String) -> Int? {
            guard case .number(let number)? = stated?[key]?.unwrapped, number.rounded() == number, number >= 1, number < 0x1p30 else {
                return nil
            }
            return Int(number)
        }
        guard let width = side("width"), let height = side("height") else {
            throw DatasetError(
                .label, at: place(),
                stated.map { _ in "image_size has no width and height of 1 pixel or more (\(value?.excerpt ?? ""))" }
                    ?? "image_size is missing",
                remedy: "write \"image_size\": [{\"width\": 500, \"height\": 400, \"depth\": 3}]")
        }
        return PixelSize(width: width, height: height)
    }
}
