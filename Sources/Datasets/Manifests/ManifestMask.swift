import Imaging

/// Masks whose colours, not values, are classes: Ground Truth's `internal-color-map` gives each class a name and a colour.
///
/// Source: spec semantic-segmentation.md, "Augmented manifest".
enum ManifestMask {
    /// The mask of class numbers that a coloured mask stands for; 255 where the colour is none of the map's.
    static func classNumbers(of payload: ImagePayload, colours map: JSONValue?, at place: @autoclosure () -> String) throws -> Image {
        guard case .object(let members)? = map, !members.isEmpty else {
            throw DatasetError(
                .label, at: place(), "there is no internal-color-map, so the mask's colours mean nothing",
                remedy: "list its metadata attribute, or read masks as class numbers")
        }
        var classOfColour: [UInt32: UInt8] = [:]
        for (key, value) in members {
            guard let number = UInt8(key), case .string(let text)? = value["hex-color"], let colour = colour(text) else {
                throw DatasetError(
                    .label, at: place(), "'\(key.prefix(40))': \(value.excerpt) of the internal-color-map is no class with a colour",
                    remedy: "write \"0\": {\"class-name\": \"road\", \"hex-color\": \"#2acf59\"}, classes 0 to 255")
            }
            // Of two classes of one colour the lower number wins, whatever order a dictionary has.
            classOfColour[colour] = min(number, classOfColour[colour] ?? 255)
        }
        let coloured: Image
        do {
            let bytes = try payload.encodedBytes()
            guard ImageFormat.sniff(bytes) != .jpeg else {
                throw DatasetError(
                    .malformed, at: place(), "the mask is a JPEG, which changes colours and with them classes", remedy: "save it as PNG")
            }
            coloured = try Image(decoding: bytes)
        } catch let error as ImagingError {
            throw DatasetError(.unreadable, at: place(), "the mask: \(error.description)", remedy: "")
        }
        var numbers = [UInt8](repeating: 255, count: coloured.width * coloured.height)
        let pixels = coloured.pixels
        // Neighbours mostly have one colour.
        var last: (colour: UInt32, number: UInt8) = (.max, 255)
        for index in numbers.indices {
            let colour = UInt32(pixels[3 * index]) << 16 | UInt32(pixels[3 * index + 1]) << 8 | UInt32(pixels[3 * index + 2])
            if colour != last.colour { last = (colour, classOfColour[colour] ?? 255) }
            numbers[index] = last.number
        }
        return try Image(width: coloured.width, height: coloured.height, channels: 1, pixels: numbers)
    }

    /// `#2acf59` as 0x2ACF59.
    static func colour(_ text: String) -> UInt32? {
        guard text.utf8.count == 7, text.hasPrefix("#"), text.utf8.dropFirst().allSatisfy({ JSONString.hexDigit($0) != nil }) else {
            return nil
        }
        return UInt32(text.dropFirst(), radix: 16)
    }
}
