import Foundation

/// An im2rec list, `.lst`: lines `index ⇥ label [⇥ label …] ⇥ path`, no header (spec: data formats, image classification).
///
/// One label column is a class number (`1` or `1.000000`); more than one are multi-hot, a column per class.
/// Paths are taken literally: blanks and `%` are part of the name.
public struct ImageList: Sendable, Equatable {
    /// One line.
    public struct Line: Sendable, Equatable {
        /// Line number in the file, from 1; 0 for a line that was not read from a file.
        public let number: Int
        /// im2rec's index, unique in the list.
        public let index: Int
        /// The image's label.
        public let label: ClassificationLabel
        /// Path relative to the image channel.
        public let path: String

        /// Puts a line together.
        public init(number: Int = 0, index: Int, label: ClassificationLabel, path: String) {
            self.number = number
            self.index = index
            self.label = label
            self.path = path
        }
    }

    /// The lines in the order of the file; blank lines are left out.
    public let lines: [Line]

    /// A list of given lines.
    public init(lines: [Line]) { self.lines = lines }

    /// Reads a list.
    ///
    /// - Parameters:
    ///   - path: the `.lst` file.
    ///   - classCount: `num_classes` if it is known: labels must be below it, multi-hot lines as wide as it.
    /// - Throws: ``DatasetError`` with file, line, column and value.
    public init(contentsOf path: String, classCount: Int? = nil) throws {
        try self.init(parsing: FileSystem.bytes(of: path), file: path, classCount: classCount)
    }

    /// Reads a list from the content of its file.
    ///
    /// - Parameters:
    ///   - bytes: the content.
    ///   - file: what errors name.
    ///   - classCount: as in ``init(contentsOf:classCount:)``.
    /// - Throws: ``DatasetError`` with file, line, column and value.
    public init(parsing bytes: [UInt8], file: String, classCount: Int? = nil) throws {
        var reader = ImageListReader(file: file, classCount: classCount)
        try reader.read(bytes, stopsAtFault: true)
        lines = reader.lines
    }

    /// Writes the list, labels as im2rec prints them (six decimals), through a temporary file in the same folder.
    ///
    /// - Throws: ``DatasetError`` if a path holds a tab or a line break, or the file cannot be written.
    public func write(to path: String) throws {
        var text = ""
        for line in lines {
            guard !line.path.contains(where: { $0 == "\t" || $0.isNewline }) else {
                throw DatasetError(
                    .argument, at: path, "the image path '\(line.path)' holds a tab or a line break, which a list cannot express",
                    remedy: "rename the image")
            }
            text += Self.text(of: line) + "\n"
        }
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw DatasetError(.unreadable, at: path, "cannot be written (\(error))", remedy: "check the folder and its free space")
        }
    }

    /// A line as im2rec prints it, without its end.
    static func text(of line: Line) -> String {
        let labels: [String] =
            switch line.label {
            case .single(let value): ["\(value).000000"]
            case .multi(let values): values.map { String(format: "%.6f", Double($0)) }
            }
        return ([String(line.index)] + labels + [line.path]).joined(separator: "\t")
    }
}
