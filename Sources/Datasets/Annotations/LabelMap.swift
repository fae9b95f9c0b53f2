/// How the values of a mask's pixels become class ids. 255 always stays 255: not labelled.
///
/// Source: spec data-formats.md, "Segmentation, image files".
public struct LabelMap: Sendable, Equatable {
    /// The class of each of the 256 pixel values; 255 = not labelled.
    public let classOfValue: [UInt8]

    /// Masks that hold class ids themselves.
    public static let identity = LabelMap(unchecked: (0...255).map { UInt8($0) })

    init(unchecked table: [UInt8]) { classOfValue = table }

    /// Class = pixel value ÷ `scale`, rounded down; 255 stays 255.
    ///
    /// `place`: what errors name.
    /// - Throws: ``DatasetError`` unless `scale` is 1 to 255.
    public init(scale: Int, place: String = "label map") throws {
        guard (1...255).contains(scale) else {
            throw DatasetError(
                .argument, at: place, "the scale \(scale) is not in 1…255",
                remedy: "pixel values are divided by it: 1 where they are class ids, 3 where classes are 0, 3, 6, …")
        }
        self.init(unchecked: (0..<255).map { UInt8(clamping: $0 / scale) } + [255])
    }

    /// Each class with the pixel value that stands for it, as the contract writes it: class to train → encoded value.
    ///
    /// Values that no class has become 255, not labelled: a class id of their own would collide with a mapped one. Class 255 says that a
    /// value is not labelled. `place`: what errors name.
    /// - Throws: ``DatasetError`` for no classes, numbers outside 0…255, the value 255, which is never a class, and a value that two
    ///   classes have.
    public init(valueOfClass: [Int: Int], place: String = "label map") throws {
        guard !valueOfClass.isEmpty else {
            throw DatasetError(.argument, at: place, "the map is empty", remedy: #"write {"map": {"0": 5, "1": 0}}: class, pixel value"#)
        }
        var table = [UInt8](repeating: 255, count: 256)
        var owner: [Int: Int] = [:]
        for (classID, value) in valueOfClass.sorted(by: { $0.key < $1.key }) {
            guard let id = UInt8(exactly: classID), let pixel = UInt8(exactly: value) else {
                throw DatasetError(
                    .argument, at: place, "class \(classID) with pixel value \(value) is not within 0…255",
                    remedy: "the key is the class to train, the value the pixel value in the mask; both have 8 bits")
            }
            guard pixel != 255 || id == 255 else {
                throw DatasetError(
                    .argument, at: place, "class \(classID) has pixel value 255, which always means not labelled",
                    remedy: "save the masks with another value for this class")
            }
            if let other = owner.updateValue(classID, forKey: value) {
                throw DatasetError(
                    .argument, at: place, "classes \(other) and \(classID) both have pixel value \(value)",
                    remedy: "give every class its own value; the key is the class, the value the pixel value")
            }
            table[value] = id
        }
        self.init(unchecked: table)
    }

    /// The class of a pixel value; 255 = not labelled.
    public func classID(of value: UInt8) -> UInt8 { classOfValue[Int(value)] }

    /// Whether a value means nothing to the map although it is not 255: the sign of a map written the wrong way round, or of a mask with
    /// a class that the map leaves out.
    public func leavesOut(_ value: UInt8) -> Bool { value != 255 && classOfValue[Int(value)] == 255 }
}
