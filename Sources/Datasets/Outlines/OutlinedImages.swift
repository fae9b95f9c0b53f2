/// Pictures whose masks are made of outlines, each time one is asked for: class 0 is the background, and the file's own classes follow.
protocol OutlinedImages: AnnotatedImages {
    /// Refuses objects without an outline, as far as that can be told without drawing.
    /// - Throws: ``DatasetError`` with the first one's place.
    func requireOutlines() throws
}

extension OutlinedImages {
    /// Segmentation.
    public var task: VisionTask { .segmentation }
}

/// The classes of masks that are made of outlines.
enum OutlineClasses {
    static let background = "background"

    /// A catalogue's names behind the background, which it may hold itself as its first.
    static func names(_ own: [String]?) -> [String]? {
        own.map { $0.first?.lowercased() == background ? $0 : [background] + $0 }
    }

    /// What is added to the catalogue's numbers.
    static func offset(_ own: [String]?) -> Int { own?.first?.lowercased() == background ? 0 : 1 }

    /// The class of a pixel.
    /// - Throws: ``OutlineFault`` where a mask has no room for it.
    static func pixel(_ number: Int, offset: Int) throws(OutlineFault) -> UInt8 {
        guard (0..<255).contains(number + offset), number >= 0 else {
            throw OutlineFault("its class \(number) is beyond the 254 that a mask has room for")
        }
        return UInt8(number + offset)
    }
}
