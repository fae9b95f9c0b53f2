import Foundation
import Imaging
import Storage

@testable import Datasets

/// A bucket whose objects are files: what S3 looks like to a reader, without its network.
struct Bucket: ObjectStore {
    let name: String
    let files: LocalStore

    init(_ name: String, in folder: TemporaryFolder) {
        self.name = name
        files = LocalStore(folder.path + "/" + name)
    }

    var place: String { "s3://\(name)/" }
    func list(prefix: String, _ receive: ([StoredObject]) throws -> Bool) throws { try files.list(prefix: prefix, receive) }
    func information(about name: String) throws -> StoredObject? { try files.information(about: name) }
    func bytes(of name: String) throws -> [UInt8] { try files.bytes(of: name) }
    func bytes(of name: String, range: Range<Int>) throws -> [UInt8] { try files.bytes(of: name, range: range) }
    func open(_ name: String) throws -> any ByteStream { try files.open(name) }
    func create(_ name: String) throws -> any ByteSink { try files.create(name) }
    func remove(_ name: String) throws { try files.remove(name) }
    func location(of name: String) -> String { "s3://\(self.name)/\(name)" }
}

extension TemporaryFolder {
    var store: LocalStore { LocalStore(path) }

    /// Buckets below this folder.
    var buckets: LocationOpener {
        let path = path
        return { location in
            guard case .s3(let bucket, let key) = location else { return try AugmentedManifest.localFilesOnly(location) }
            return (BucketOpener.bucket(bucket, path), key)
        }
    }
}

private enum BucketOpener {
    static func bucket(_ name: String, _ root: String) -> Bucket { Bucket(name: name, files: LocalStore(root + "/" + name)) }
}

extension Bucket {
    init(name: String, files: LocalStore) {
        self.name = name
        self.files = files
    }
}

extension AnnotatedImage {
    var label: ClassificationLabel? { if case .label(let label) = annotation { label } else { nil } }
    var boxes: [BoundingBox]? { if case .boxes(let boxes) = annotation { boxes } else { nil } }
    var mask: ImagePayload? { if case .mask(let mask) = annotation { mask } else { nil } }
}

extension ImagePayload {
    /// Where the picture is, as text.
    var location: String {
        switch self {
        case .file(let path): path
        case .stored(let store, let name): store.location(of: name)
        case .encoded(let bytes): "\(bytes.count) bytes"
        case .pixels(let image): "\(image.width)×\(image.height) pixels"
        }
    }
}

extension AnnotatedImages {
    func all() throws -> [AnnotatedImage] { try (0..<count).map(record(at:)) }
}

/// Data that readers give, put together by hand.
func picture(_ width: Int, _ height: Int, _ value: UInt8 = 0) throws -> [UInt8] {
    try Image(width: width, height: height, filledWith: [value, 7, 9]).encodedPNG()
}

/// The record that `stream` gives next, or the sentence of its error.
func outcome(_ stream: any AnnotatedImageStream) -> String {
    do {
        return try stream.next().map { "\($0.annotation)" } ?? "nil"
    } catch {
        return "\(error)"
    }
}
