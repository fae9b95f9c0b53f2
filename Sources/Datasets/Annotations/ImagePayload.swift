import Imaging
import Storage

/// Where a record's pixels are, in the cheapest form that its storage can offer: decoding is the workers' job.
public enum ImagePayload: Sendable {
    /// Path of a JPEG or PNG file.
    case file(String)
    /// A JPEG or PNG file in a store that is not this machine's file system.
    case stored(any ObjectStore, name: String)
    /// The bytes of a JPEG or PNG file (RecordIO, archives, pipes).
    case encoded([UInt8])
    /// Pixels that were never compressed (CIFAR, IDX).
    case pixels(Image)
}

extension ImagePayload {
    /// A file of a store, not read: a path where the store is a folder of this machine.
    static func file(_ name: String, in store: any ObjectStore) -> ImagePayload {
        store is LocalStore ? .file(store.location(of: name)) : .stored(store, name: name)
    }

    /// Whether it is a file's bytes, wherever they are.
    var isEncoded: Bool { if case .pixels = self { false } else { true } }

    /// The full name of the file, for people and messages; nil where the picture has none of its own.
    public var location: String? {
        switch self {
        case .file(let path): path
        case .stored(let store, let name): store.location(of: name)
        case .encoded, .pixels: nil
        }
    }

    /// The bytes of the JPEG or PNG, read where they lie; a picture that was never compressed is packed as PNG.
    /// - Throws: ``DatasetError`` or `StorageError` that names the file.
    public func encodedBytes() throws -> [UInt8] {
        switch self {
        case .file(let path): try FileSystem.bytes(of: path)
        case .stored(let store, let name): try store.bytes(of: name)
        case .encoded(let bytes): bytes
        case .pixels(let image): try image.encodedPNG()
        }
    }

    /// The picture, decoded and upright. `side`: large enough for a shorter side of this many pixels; nil: at its own size.
    /// - Throws: ``DatasetError``, `StorageError` or `ImagingError`.
    public func decoded(coveringSide side: Int? = nil) throws -> Image {
        if case .pixels(let image) = self { return image }
        return try Image(decoding: encodedBytes(), options: DecodeOptions(minimumShorterSide: side))
    }
}
