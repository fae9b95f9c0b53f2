import CFont
import Foundation

/// Letters for captions in pictures. Used by one thread at a time.
public final class Font {
    private let handle: OpaquePointer

    /// Where the system keeps a plain font: Debian's packages fonts-dejavu-core, fonts-liberation, fonts-noto-core and fonts-freefont-ttf.
    private static let usualPlaces = [
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
        "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf", "/usr/share/fonts/truetype/freefont/FreeSans.ttf",
        "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf", "/usr/share/fonts/TTF/DejaVuSans.ttf",
    ]

    /// Opens a font file.
    /// - Throws: ``ImagingError`` where there is none that can be read.
    public init(_ path: String) throws(ImagingError) {
        guard let handle = cfont_open(path) else {
            throw ImagingError(.unsupported, "\(path) is no font that can be read. Name a .ttf or .otf file.")
        }
        self.handle = handle
    }

    /// The font that `$SIGHTLINE_FONT` names, or one of the system's; nil where there is none.
    public static func system(environment: [String: String] = ProcessInfo.processInfo.environment) -> Font? {
        let places = (environment["SIGHTLINE_FONT"].map { [$0] } ?? []) + usualPlaces
        return places.lazy.compactMap { try? Font($0) }.first
    }

    deinit { cfont_close(handle) }

    /// Columns and rows of the plate that ``Canvas/caption(_:x:bottom:_:font:size:)`` draws for a text; 0 columns for none.
    public func plateSize(of text: String, size: Int) -> (width: Int, height: Int) {
        let line = line(text, size: size)
        return (line.width > 0 ? line.width + 2 * Self.margin(size: size) : 0, line.height)
    }

    /// What lies to the left and right of a caption's letters.
    static func margin(size: Int) -> Int { max(1, size / 6) }

    /// A line of text as coverage, 0 to 255: rows from top to bottom. Characters that the font has not are shown as question marks.
    ///
    /// `size`: pixels from line to line, 4 to 512.
    func line(_ text: String, size: Int) -> (width: Int, height: Int, coverage: [UInt8]) {
        let codepoints = text.unicodeScalars.prefix(256).map { cfont_has(handle, $0.value) ? $0.value : 63 }
        guard !codepoints.isEmpty, cfont_set_size(handle, UInt32(min(max(size, 4), 512))) else { return (0, 0, []) }
        var (ascent, descent): (Int32, Int32) = (0, 0)
        cfont_extent(handle, &ascent, &descent)
        let (width, height) = (max(1, Int(cfont_width(handle, codepoints, codepoints.count))), max(1, Int(ascent + descent)))
        var coverage = [UInt8](repeating: 0, count: width * height)
        cfont_render(handle, codepoints, codepoints.count, &coverage, Int32(width), Int32(height))
        return (width, height, coverage)
    }
}
