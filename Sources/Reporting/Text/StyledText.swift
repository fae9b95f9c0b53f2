/// A line in pieces, so that it can be cut to a width without counting or breaking its colours.
struct StyledText {
    enum Style: String {
        case plain = ""
        case bold = "1"
        case dim = "2"
        case green = "32"
        case yellow = "33"
    }

    private var pieces: [(text: String, style: Style)] = []

    init(_ text: String = "", _ style: Style = .plain) { append(text, style) }

    mutating func append(_ text: String, _ style: Style = .plain) { if !text.isEmpty { pieces.append((text, style)) } }

    /// The characters alone.
    var plain: String { pieces.map(\.text).joined() }

    /// At most `width` characters, coloured where asked.
    func rendered(width: Int = .max, colour: Bool) -> String {
        var left = width
        var result = ""
        for piece in pieces where left > 0 {
            let text = piece.text.prefix(left)
            left -= text.count
            result += colour && piece.style != .plain ? "\u{1B}[\(piece.style.rawValue)m\(text)\u{1B}[0m" : String(text)
        }
        return result
    }

    /// A bar of `width` characters that is filled to `share` (0…1) in steps of half a character.
    static func bar(_ share: Double, width: Int) -> (done: String, rest: String) {
        let halves = share.isFinite ? Int((min(max(share, 0), 1) * Double(2 * width)).rounded(.down)) : 0
        let done = String(repeating: "━", count: halves / 2) + (halves % 2 == 1 ? "╸" : "")
        return (done, String(repeating: "─", count: width - done.count))
    }
}
