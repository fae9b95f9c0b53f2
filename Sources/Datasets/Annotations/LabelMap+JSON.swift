import Foundation
import Storage

extension LabelMap {
    /// Reads `{"scale": "3"}` (a number or a text) or `{"map": {"0": 5, "1": 0}}`: class to train → pixel value in the mask.
    ///
    /// `place`: what errors name.
    /// - Throws: ``DatasetError`` for other JSON, both keys at once, neither of them, and what ``init(scale:place:)`` and
    ///   ``init(valueOfClass:place:)`` refuse.
    public init(json: [UInt8], place: String) throws {
        let text = json.starts(with: [0xEF, 0xBB, 0xBF]) ? json.dropFirst(3) : json[...]
        let content: Content
        do {
            content = try JSONDecoder().decode(Content.self, from: Data(text))
        } catch let error as DecodingError {
            throw DatasetError(.malformed, at: place, Self.problem(error), remedy: Self.remedy)
        }
        switch (content.scale, content.map) {
        case (let scale?, nil): try self.init(scale: scale.value, place: place)
        case (nil, let map?):
            var valueOfClass: [Int: Int] = [:]
            for (key, value) in map {
                guard let classID = Int(key), valueOfClass.updateValue(value.value, forKey: classID) == nil else {
                    throw DatasetError(
                        .malformed, at: place, "map: the key '\(key.prefix(40))' is not a class number of its own", remedy: Self.remedy)
                }
            }
            try self.init(valueOfClass: valueOfClass, place: place)
        case (_?, _?):
            throw DatasetError(.malformed, at: place, "it holds both scale and map", remedy: "keep the one that the masks were made with")
        case (nil, nil):
            throw DatasetError(.malformed, at: place, "it holds neither scale nor map", remedy: Self.remedy)
        }
    }

    /// The name of the file in the `label_map` channel: `train_label_map.json` or `validation_label_map.json`.
    public static func fileName(for split: ClassificationSplit) -> String {
        switch split {
        case .training: "train_label_map.json"
        case .validation: "validation_label_map.json"
        }
    }

    /// The map of one half in a `label_map` channel; ``identity`` where the channel has no file for it, as the contract says.
    /// - Throws: ``DatasetError`` as ``init(json:place:)``, and for a file of more than 1 MiB; `StorageError`.
    public static func read(from channel: any ObjectStore, for split: ClassificationSplit) throws -> LabelMap {
        let name = fileName(for: split)
        guard let file = try channel.information(about: name) else { return .identity }
        guard file.size <= 1 << 20 else {
            throw DatasetError(
                .malformed, at: channel.location(of: name), "\(file.size) bytes are no label map", remedy: "check that this is the file")
        }
        return try LabelMap(json: channel.bytes(of: name), place: channel.location(of: name))
    }

    private static let remedy = #"write {"scale": 3}, or {"map": {"0": 5, "1": 0}} with the class as key and the pixel value as value"#

    private static func problem(_ error: DecodingError) -> String {
        let context: DecodingError.Context
        switch error {
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found), .dataCorrupted(let found):
            context = found
        @unknown default: return "it is no label map"
        }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "it is not a JSON object" : "\(path): not a whole number"
    }

    private struct Content: Decodable {
        var scale: Whole?
        var map: [String: Whole]?
    }

    /// The guide writes numbers as text, the notebooks as numbers.
    private struct Whole: Decodable {
        let value: Int

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                value = number
            } else if let number = Int(try container.decode(String.self)) {
                value = number
            } else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a whole number")
            }
        }
    }
}
