import Storage
import Yams

/// The file that describes a YOLO data set, `data.yaml`: names of the classes, folders of the sets.
///
/// Source: docs.ultralytics.com, "Object Detection Datasets Overview", "Ultralytics YOLO format".
struct YOLODescription {
    /// Name of each class; nil where the file has none.
    let classNames: [String]?
    /// Folders or lists of pictures of each set, as written: `train`, `val`, `test`.
    let sets: [String: [String]]
    /// `path`, which the sets lie below.
    let root: String?

    /// Descriptions are short; whatever is longer is another file.
    private static let limit = 1 << 20

    /// Reads a description. `place`: what errors name.
    /// - Throws: ``DatasetError`` for a text that is no YAML mapping, and names that can't be.
    init(_ bytes: [UInt8], place: String) throws {
        func refused(_ problem: String) -> DatasetError {
            DatasetError(
                .malformed, at: place, problem,
                remedy: "write 'names' as a list of the classes, and 'train' and 'val' as folders of pictures")
        }
        guard bytes.count <= Self.limit, let text = String(validating: bytes, as: UTF8.self) else {
            throw refused("it is not UTF-8 text of at most 1 MiB")
        }
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw refused("it is no YAML (\(String(describing: error).split(separator: "\n").first ?? ""))")
        }
        guard let node, case .mapping(let mapping) = node else { throw refused("it is no YAML mapping") }
        var values: [String: Node] = [:]
        for (key, value) in mapping { if case .scalar(let key) = key { values[key.string] = value } }
        sets = values.compactMapValues { value in
            switch value {
            case .scalar(let scalar): scalar.string.isEmpty ? nil : [scalar.string]
            case .sequence(let sequence): Self.strings(sequence)
            default: nil
            }
        }
        if case .scalar(let path)? = values["path"], !path.string.isEmpty { root = path.string } else { root = nil }
        switch values["names"] {
        case .sequence(let sequence)?:
            guard let names = Self.strings(sequence) else { throw refused("'names' holds more than names") }
            classNames = names
        case .mapping(let mapping)?:
            var names: [Int: String] = [:]
            for (key, value) in mapping {
                guard case .scalar(let key) = key, let number = Int(key.string), number >= 0, case .scalar(let name) = value else {
                    throw refused("'names' holds something that is no class number with its name")
                }
                names[number] = name.string
            }
            guard names.keys.max() ?? -1 == names.count - 1 else { throw refused("'names' leaves out a class number") }
            classNames = (0..<names.count).compactMap { names[$0] }
        case nil: classNames = nil
        case _?: throw refused("'names' is neither a list nor a mapping")
        }
        if let classNames { try ClassNames.check(classNames, at: place) }
    }

    private static func strings(_ sequence: Node.Sequence) -> [String]? {
        let found = sequence.compactMap { node in if case .scalar(let scalar) = node { scalar.string } else { nil } }
        return found.count == sequence.count ? found : nil
    }

    /// Writes a description. `train`, `validation`: folders of pictures.
    static func text(classNames: [String], train: String, validation: String) -> String {
        // Without `path` YOLO's tools begin at this file; `path: .` would be wherever they are started.
        var text = "# YOLO data set: pictures in images/, boxes in labels/ under the same names\n"
        if train == validation { text += "# one set only: val is the same as train until another is written\n" }
        text += "train: \(train)\nval: \(validation)\nnames:\n"
        for (number, name) in classNames.enumerated() {
            // As in JSON, which YAML includes: names like `yes`, `1.0` or `a: b` stay names.
            var quoted: [UInt8] = []
            quoted.append(jsonString: name)
            text += "  \(number): \(String(decoding: quoted, as: UTF8.self))\n"
        }
        return text
    }
}
