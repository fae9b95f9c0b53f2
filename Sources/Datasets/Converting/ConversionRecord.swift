import Foundation
import Storage

/// What a conversion that is under way is of, beside what it has written so far: another one must not go on with that.
struct ConversionRecord: Codable, Equatable {
    let source: String
    let count: Int
    let classes: [String]?
    let task: String
    let format: String

    private static func fileName(_ name: String) -> String { ".\(name).conversion" }

    /// Refuses to go on with what another conversion has left.
    /// - Throws: ``DatasetError`` with what it was of; `StorageError`.
    func check(in store: any ObjectStore, name: String) throws {
        let file = Self.fileName(name)
        guard store is LocalStore, try store.information(about: file) != nil,
            let left = try? JSONDecoder().decode(ConversionRecord.self, from: Data(store.bytes(of: file))), left != self
        else { return }
        throw DatasetError(
            .argument, at: store.location(of: file),
            "what is there is a part of another conversion: \(left.count) pictures from \(left.source) as \(left.format), and now it is "
                + "\(count) from \(source) as \(format)\(left.classes == classes ? "" : ", with other classes")",
            remedy: "write to another folder, or remove what is there")
    }

    /// Only a folder of this machine keeps a part.
    func keep(in store: any ObjectStore, name: String) throws {
        guard store is LocalStore else { return }
        try store.write([UInt8](JSONEncoder().encode(self)), to: Self.fileName(name))
    }

    /// The conversion is whole.
    static func remove(from store: any ObjectStore, name: String) {
        guard store is LocalStore else { return }
        try? FileManager.default.removeItem(atPath: store.location(of: fileName(name)))
    }
}
