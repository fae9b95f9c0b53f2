/// What a COCO file says, taken out of its text in one pass. Of the outlines of objects, which are most of such a file, the places are kept
/// where they are wanted.
///
/// Source: cocodataset.org, "Data format", "Object detection".
struct COCODocument {
    /// A picture.
    struct Picture: Sendable {
        let name: String
        /// Nil where the file tells none.
        let size: PixelSize?
    }

    /// A box in pixels.
    struct Box: Sendable {
        /// Position among ``pictures``.
        var picture: Int
        let annotation: Int
        let category: String
        let left, top, width, height: Double
        let isCrowd, isIgnored: Bool
        /// Bytes of the text that are its segmentation; nil where it has none, or outlines are not wanted.
        let outline: Range<Int>?
        /// Why it can't be used.
        let fault: String?
    }

    private(set) var pictures: [Picture] = []
    /// Boxes of picture i are `boxes[starts[i] ..< starts[i + 1]]`, in the order of the file.
    private(set) var boxes: [Box] = []
    private(set) var starts: [Int] = []
    /// Class numbers by category.
    private(set) var classOfCategory: [String: Int] = [:]
    private(set) var classNames: [String] = []
    /// Boxes whose picture the file does not have.
    private(set) var strayBoxes = 0

    /// Whether a text is a COCO file: an object whose first members are COCO's.
    static func recognises(_ beginning: [UInt8]) -> Bool {
        let keys = ["\"images\"", "\"annotations\"", "\"categories\"", "\"info\"", "\"licenses\""]
        let text = String(decoding: beginning.prefix(4096), as: UTF8.self)
        return text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }.hasPrefix("{") && keys.contains(where: text.contains)
            && !text.contains("\"image_size\"")
    }

    /// Reads a file. Ids may be numbers or strings.
    init(_ text: UnsafeBufferPointer<UInt8>, place: String, keepsOutlines: Bool = false) throws {
        var reader = Reader(place: place, keepsOutlines: keepsOutlines)
        do {
            var scanner = JSONScanner(text)
            try reader.read(&scanner)
        } catch let fault as JSONFault {
            throw DatasetError(.malformed, at: place, "byte \(fault.offset + 1): \(fault.problem)", remedy: "write the file again")
        }
        guard reader.hasPictures, reader.hasBoxes else {
            throw DatasetError(
                .malformed, at: place, "it has no '\(reader.hasPictures ? "annotations" : "images")'",
                remedy: "give a COCO file for object detection, with images, annotations and categories")
        }
        try number(reader.categories, place: place)
        pictures = reader.pictures
        sort(reader.boxes, by: reader.pictureOfBox, pictureOfID: reader.pictureOfID)
    }

    /// Classes are the categories in the order of their ids, whose gaps they don't have.
    private mutating func number(_ categories: [(id: String, name: String)], place: String) throws {
        let sorted = categories.sorted { left, right in
            if let l = Int(left.id), let r = Int(right.id) { return l < r }
            return FileSystem.utf8Order(left.id, right.id)
        }
        for (number, category) in sorted.enumerated() {
            guard classOfCategory.updateValue(number, forKey: category.id) == nil else {
                throw DatasetError(
                    .classes, at: place, "two categories have the id \(category.id)", remedy: "give every category its own id")
            }
            classNames.append(category.name)
        }
        if !classNames.isEmpty { try ClassNames.check(classNames, at: place) }
    }

    /// Brings boxes into the order of their pictures.
    private mutating func sort(_ all: [Box], by ids: [String], pictureOfID: [String: Int]) {
        var counts = [Int](repeating: 0, count: pictures.count + 1)
        let owners = ids.map { pictureOfID[$0] }
        for case let owner? in owners { counts[owner + 1] += 1 }
        for index in 1..<counts.count { counts[index] += counts[index - 1] }
        starts = counts
        var order = [Int](repeating: 0, count: counts.last ?? 0)
        for (index, owner) in owners.enumerated() {
            guard let owner else {
                strayBoxes += 1
                continue
            }
            order[counts[owner]] = index
            counts[owner] += 1
        }
        boxes = order.map { all[$0] }
        for picture in pictures.indices { for index in starts[picture]..<starts[picture + 1] { boxes[index].picture = picture } }
    }
}

extension COCODocument {
    fileprivate struct Reader {
        let place: String
        let keepsOutlines: Bool
        var pictures: [Picture] = []
        var pictureOfID: [String: Int] = [:]
        var boxes: [Box] = []
        var pictureOfBox: [String] = []
        var categories: [(id: String, name: String)] = []
        var hasPictures = false
        var hasBoxes = false

        mutating func read(_ scanner: inout JSONScanner) throws {
            if scanner.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { scanner.position = 3 }
            // Errors of the content end the pass as errors of the grammar do, and are told apart behind it.
            var failure: DatasetError?
            try scanner.members { (scanner, key) throws(JSONFault) in
                scanner.skipSpace()
                guard scanner.byte == UInt8(ascii: "["), let list = List(rawValue: try key.decoded(from: scanner.bytes)) else {
                    return try scanner.skipValue(depth: 1)
                }
                var number = 0
                try scanner.elements(depth: 1) { (scanner) throws(JSONFault) in
                    let fields = try Fields(&scanner, list, keepsOutlines: keepsOutlines)
                    if failure == nil { failure = add(fields, to: list, number: number) }
                    number += 1
                }
                if list == .images { hasPictures = true }
                if list == .annotations { hasBoxes = true }
            }
            try scanner.finish()
            if let failure { throw failure }
        }

        private mutating func add(_ fields: Fields, to list: List, number: Int) -> DatasetError? {
            func fault(_ problem: String, _ remedy: String) -> DatasetError {
                DatasetError(.malformed, at: "\(place), \(list.rawValue)[\(number)]", problem, remedy: remedy)
            }
            switch list {
            case .images:
                guard let id = fields["id"]?.key else { return fault("it has no id", "give every picture its own id") }
                guard case .string(let name)? = fields["file_name"], !name.isEmpty else {
                    return fault("picture \(id) has no file_name", "write the picture's path")
                }
                guard pictureOfID.updateValue(pictures.count, forKey: id) == nil else {
                    return fault("another picture has the id \(id), too", "give every picture its own id")
                }
                var size: PixelSize?
                if let width = fields["width"]?.side, let height = fields["height"]?.side { size = PixelSize(width: width, height: height) }
                pictures.append(Picture(name: name, size: size))
            case .categories:
                guard let id = fields["id"]?.key else { return fault("it has no id", "give every category its own id") }
                guard case .string(let name)? = fields["name"], !name.isEmpty else {
                    return fault("category \(id) has no name", "name every category")
                }
                categories.append((id, name))
            case .annotations:
                pictureOfBox.append(fields["image_id"]?.key ?? "")
                boxes.append(box(fields, number: number))
            }
            return nil
        }

        private func box(_ fields: Fields, number: Int) -> Box {
            var edges: [Double] = []
            if case .array(let values)? = fields["bbox"] {
                edges = values.compactMap { if case .number(let value) = $0 { value } else { nil } }
            }
            var fault: String?
            // Who draws outlines needs no box.
            if edges.count != 4 {
                fault = fields["bbox"].map { "bbox is \($0.excerpt), not four numbers" } ?? "bbox is missing"
                edges = [0, 0, 0, 0]
            }
            let category = fields["category_id"]?.key
            if category == nil, fault == nil { fault = "category_id is missing" }
            return Box(
                picture: 0, annotation: number, category: category ?? "", left: edges[0], top: edges[1], width: edges[2],
                height: edges[3], isCrowd: fields["iscrowd"]?.isTrue ?? false, isIgnored: fields["ignore"]?.isTrue ?? false,
                outline: fields.outline, fault: fault)
        }
    }

    /// The lists that are read, and which members of their objects.
    fileprivate enum List: String {
        case images, annotations, categories

        var members: [String] {
            switch self {
            case .images: ["id", "file_name", "width", "height"]
            case .annotations: ["image_id", "category_id", "bbox", "iscrowd", "ignore"]
            case .categories: ["id", "name"]
            }
        }

        private static let names: [List: [[UInt8]]] = [
            .images: List.images.members.map { Array($0.utf8) }, .annotations: List.annotations.members.map { Array($0.utf8) },
            .categories: List.categories.members.map { Array($0.utf8) },
        ]

        var memberBytes: [[UInt8]] { Self.names[self] ?? [] }
    }

    /// The wanted members of an object.
    fileprivate struct Fields {
        private let list: List
        private var values: [JSONValue?]
        /// Where an annotation's `segmentation` stands in the text.
        private(set) var outline: Range<Int>?

        private static let (segmentation, emptyList, null) = (Array("segmentation".utf8), Array("[]".utf8), Array("null".utf8))

        init(_ scanner: inout JSONScanner, _ list: List, keepsOutlines: Bool) throws(JSONFault) {
            self.list = list
            let wanted = list.memberBytes
            values = [JSONValue?](repeating: nil, count: wanted.count)
            var values = values
            var outline: Range<Int>?
            try scanner.members(depth: 2) { (scanner, key) throws(JSONFault) in
                guard let index = wanted.firstIndex(where: { key.matches($0, in: scanner.bytes) }) else {
                    guard keepsOutlines, list == .annotations, key.matches(Self.segmentation, in: scanner.bytes) else {
                        return try scanner.skipValue(depth: 3)
                    }
                    scanner.skipSpace()
                    let start = scanner.position
                    try scanner.skipValue(depth: 3)
                    // Nothing, however it is written, is no outline.
                    let text = scanner.bytes[start..<scanner.position].prefix(64).filter { $0 > 0x20 }
                    outline = [Self.emptyList, Self.null].contains(text) ? nil : start..<scanner.position
                    return
                }
                values[index] = try scanner.value(depth: 3)
            }
            self.values = values
            self.outline = outline
        }

        subscript(name: String) -> JSONValue? { list.members.firstIndex(of: name).flatMap { values[$0] } }
    }
}

extension JSONValue {
    /// An id as text: numbers and strings of the same digits are the same id.
    fileprivate var key: String? {
        switch self {
        case .string(let text): text
        case .number(let value) where value.rounded() == value && value.magnitude < 1e15: String(Int(value))
        default: nil
        }
    }

    /// A side of a picture; nil for 0, which some programs write where they don't know it.
    fileprivate var side: Int? {
        guard case .number(let value) = self, value.rounded() == value, value >= 1, value < 0x1p30 else { return nil }
        return Int(value)
    }

    fileprivate var isTrue: Bool {
        switch self {
        case .number(let value): value != 0
        case .bool(let value): value
        default: false
        }
    }
}
