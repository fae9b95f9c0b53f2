/// How the values of a mask's pixels become class ids. 255 always stays 255: not labelled.
///
/// Source: spec data-formats.md, "Segmentation, image files".
public struct LabelMap: Sendable, Equatable {
    /// The class of each of the 256 pixel values; 255 = not labelled.
    public let classOfValue: [UInt8]

    /// Masks that hold class ids themselves.
    public static let identity = LabelMap(unchecked: (0...255).map { UInt8($0) })

    init(unchecked table: [UInt8]) { classOfValue = table }
}
