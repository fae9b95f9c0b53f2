import Foundation

/// Parts of an HTML page, as text.
enum HTML {
    /// Text as it stands in an element or in an attribute between quotes. What HTML does not allow becomes U+FFFD.
    static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { page, scalar in
            switch scalar {
            case "&": page += "&amp;"
            case "<": page += "&lt;"
            case ">": page += "&gt;"
            case "\"": page += "&quot;"
            case "'": page += "&#39;"
            case "\n", "\t": page.unicodeScalars.append(scalar)
            case "\0"..<" ", "\u{7F}"..."\u{9F}": page += "\u{FFFD}"
            default: page.unicodeScalars.append(scalar)
            }
        }
    }

    /// A paragraph.
    static func paragraph(_ text: String) -> String { "<p>\(escaped(text))</p>\n" }

    /// Large figures side by side; values that are nil are left out.
    static func figures(_ figures: [(name: String, value: String?)]) -> String {
        let tiles = figures.compactMap { figure in
            figure.value.map { "<div><dt>\(escaped(figure.name))</dt><dd>\(escaped($0))</dd></div>" }
        }
        return "<dl class=\"figures\">\(tiles.joined())</dl>\n"
    }

    /// A picture within the page: PNG where it is small, for JPEG would blur what little there is.
    static func picture(_ picture: PictureGallery.Picture) -> String {
        let isSmall = max(picture.width, picture.height) <= PictureGallery.smallSide
        let source = "data:image/\(isSmall ? "png" : "jpeg");base64,\(Data(picture.bytes).base64EncodedString())"
        let caption = escaped(picture.caption)
        return "<figure><img\(isSmall ? " class=\"small\"" : "") src=\"\(source)\" width=\"\(picture.width)\" height=\"\(picture.height)\" "
            + "alt=\"\(caption)\"><figcaption>\(caption)</figcaption></figure>"
    }
}

extension TextTable {
    /// The table in HTML.
    var html: String {
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>"
                + cells.enumerated().map { column, cell in
                    "<\(tag)\(alignments[column] == .right ? " class=\"number\"" : "")>\(HTML.escaped(cell))</\(tag)>"
                }.joined() + "</tr>\n"
        }
        return "<div class=\"wide\"><table>\n<thead>\(row(header, "th"))</thead>\n<tbody>\n\(rows.map { row($0, "td") }.joined())"
            + "</tbody>\n</table></div>\n"
    }
}
