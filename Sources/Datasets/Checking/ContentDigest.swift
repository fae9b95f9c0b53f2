import CDigest
import Imaging

/// What tells one content from another: the first 128 bits of its SHA-256.
///
/// Of a picture the decoded pixels count, not the file's bytes: a copy with other metadata, or one that was packed again as PNG, shows the
/// network the same. The pixels are at hand anyway, for every picture is decoded. A hash made to withstand attacks has no two pictures
/// in common by chance or by a regularity of theirs, and 16 bytes a picture are enough: of a million million pictures, two would agree
/// with a probability below 10⁻¹⁴.
struct ContentDigest: Sendable, Hashable, Comparable {
    let high: UInt64
    let low: UInt64

    /// The digest of a picture's size and its pixels in three channels, so that grey is the same however it is stored.
    init(of image: Image) throws {
        self = try Self.make { add in
            withUnsafeBytes(of: (Int64(image.width).littleEndian, Int64(image.height).littleEndian)) { add($0) }
            image.rgb().pixels.withUnsafeBytes { add($0) }
        }
    }

    /// The digest of an annotation; boxes count in any order. Of a mask, `classIDs` are what it says.
    init(of annotation: Annotation, classIDs: [UInt8] = []) throws {
        self = try Self.make { feed in
            func add(_ values: [Double]) { values.withUnsafeBytes { feed($0) } }
            switch annotation {
            case .label(.single(let value)): add([0, Double(value)])
            case .label(.multi(let values)): add([1] + values.map(Double.init))
            case .boxes(let boxes):
                let rows = boxes.map { [Double($0.classID), $0.left, $0.top, $0.right, $0.bottom] }
                for row in rows.sorted(by: { $0.lexicographicallyPrecedes($1) }) { add(row) }
            case .mask: classIDs.withUnsafeBytes { feed($0) }
            }
        }
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    private static func make(_ feed: ((UnsafeRawBufferPointer) -> Void) -> Void) throws -> ContentDigest {
        guard let digest = cdigest_sha256_new() else { throw refused }
        defer { cdigest_free(digest) }
        var accepted = true
        feed { bytes in accepted = cdigest_update(digest, bytes.baseAddress, bytes.count) == 1 && accepted }
        var sum = [UInt8](repeating: 0, count: 32)
        guard accepted, cdigest_finish(digest, &sum) == 1 else { throw refused }
        return sum.withUnsafeBytes {
            ContentDigest(
                high: UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }

    private static var refused: DatasetError {
        DatasetError(
            .argument, at: "SHA-256", "OpenSSL's libcrypto can't work it out",
            remedy: "check that libssl is installed whole, and free memory")
    }

    static func < (a: Self, b: Self) -> Bool { (a.high, a.low) < (b.high, b.low) }
}
