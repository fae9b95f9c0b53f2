/// The colours that the indices of a mask stand for.
public struct Palette: Sendable, Hashable {
    /// One colour.
    public struct Colour: Sendable, Hashable {
        /// Red, 0 to 255.
        public var red: UInt8
        /// Green, 0 to 255.
        public var green: UInt8
        /// Blue, 0 to 255.
        public var blue: UInt8

        /// A colour from its parts.
        public init(red: UInt8, green: UInt8, blue: UInt8) {
            (self.red, self.green, self.blue) = (red, green, blue)
        }
    }

    /// 1 to 256 colours; the position is the index.
    public let colours: [Colour]

    /// A palette of these colours.
    /// - Throws: ``ImagingError`` unless there are 1 to 256.
    public init(_ colours: [Colour]) throws(ImagingError) {
        guard (1...256).contains(colours.count) else {
            throw ImagingError(.invalidArgument, "A palette has 1 to 256 colours, not \(colours.count).")
        }
        self.colours = colours
    }

    init(unchecked colours: [Colour]) { self.colours = colours }

    /// Pascal VOC's 256 colours: the bits of the index, lowest three first, become the highest bits of red, green and blue, and so on.
    /// 0 is black, 255 (not labelled) a light cream.
    public static let pascalVOC = Palette(
        unchecked: (0..<256).map { index in
            var parts: (UInt8, UInt8, UInt8) = (0, 0, 0)
            for bit in 0..<8 {
                let triple = index >> (3 * bit)
                parts.0 |= UInt8(triple & 1) << (7 - bit)
                parts.1 |= UInt8(triple >> 1 & 1) << (7 - bit)
                parts.2 |= UInt8(triple >> 2 & 1) << (7 - bit)
            }
            return Colour(red: parts.0, green: parts.1, blue: parts.2)
        })
}
