import Foundation
import Storage

/// What a conversion is of, beside what it has written, in a hidden file: another one must not go on with that, whether it was broken off or
/// came to its end.
struct ConversionRecord: Codable, Equatable {
    let source: String
    let count: Int
    let classes: [String]?
    let task: String
    let format: String
    let shrinking: PictureShrinking?

    private static func fileName(_ name: String) -> String { ".\(name).conversion" }

    /// Refuses to go on with what another conversion has left.
    /// - Returns: whether this one has left something.
    /// - Throws: ``DatasetError`` with what it was of; `StorageError`.
    func isKept(in store: any ObjectStore, name: String) throws -> Bool {
        let file = Self.fileName(name)
        guard try store.information(about: file) != nil,
            let left = try? JSONDecoder().decode(ConversionRecord.self, from: Data(store.bytes(of: file)))
        else { return false }
        if left == self { return true }
        throw DatasetError(
            .argument, at: store.location(of: file),
            "what is there is of another conversion: \(left.count) pictures from \(left.source) as \(left.format), and now it is "
                + "\(count) from \(source) as \(format)\(left.classes == classes ? "" : ", with other classes")",
            remedy: "write to another folder, or remove what is there")
    }

    /// Leaves the record.
    func keep(in store: any ObjectStore, name: String) throws {
        try store.write([UInt8](JSONEncoder().encode(self)), to: Self.fileName(name))
    }
}
