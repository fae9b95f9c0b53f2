extension ManifestLabel {
    /// The boxes of a picture and the size that they were drawn at. `place`: what errors name.
    func boxes(_ value: JSONValue, at place: @autoclosure () -> String) throws -> (boxes: [BoundingBox], size: PixelSize) {
        let value = Self.unwrapped(value)
        guard case .object = value else {
            throw DatasetError(
                .label, at: place(), "\(value.kind) (\(value.excerpt)) where an object with image_size and annotations should be",
                remedy: "write {\"image_size\": […], \"annotations\": […]}")
        }
        let size = try Self.size(value["image_size"], at: place())
        guard case .array(let annotations)? = value["annotations"] else {
            throw DatasetError(
                .label, at: place(), value["annotations"].map { "annotations is \($0.kind)" } ?? "annotations is missing",
                remedy: "write \"annotations\": [], with one object for each box")
        }
        var boxes: [BoundingBox] = []
        boxes.reserveCapacity(annotations.count)
        for (index, annotation) in annotations.enumerated() {
            boxes.append(try box(annotation, in: size) { "\(place()), annotation \(index)" })
        }
        return (boxes, size)
    }

    private func box(_ value: JSONValue, in size: PixelSize, at place: () -> String) throws -> BoundingBox {
        func number(_ key: String) throws -> Double {
            if case .number(let number)? = value[key].map(Self.unwrapped) { return number }
            throw DatasetError(
                .label, at: place(), value[key].map { "\(key) is \($0.excerpt), not a number" } ?? "\(key) is missing",
                remedy: "write class_id, left, top, width and height, in pixels")
        }
        let classID = try classNumber(.number(try number("class_id")), at: "\(place()), class_id")
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
            guard case .number(let number)? = stated?[key].map(unwrapped), number.rounded() == number, number >= 1, number < 0x1p30 else {
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
