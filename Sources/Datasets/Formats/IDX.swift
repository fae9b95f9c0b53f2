import Imaging

/// IDX, the format of MNIST and its family: big-endian magic and sizes, then bytes (yann.lecun.com/exdb/mnist), plain or gzipped.
struct IDX: ClassificationStorage {
    private let path: String
    private let pixels: [UInt8]
    private let height: Int
    private let width: Int
    let count: Int

    private static let headerOfImages = 16

    func name(at index: Int) -> String { "\(path), record \(index)" }

    func payload(at index: Int) throws -> ImagePayload {
        let size = height * width
        let start = Self.headerOfImages + index * size
        return .pixels(try Image(width: width, height: height, channels: 1, pixels: Array(pixels[start..<(start + size)])))
    }

    /// Whether a file name is that of an IDX image file (`train-images-idx3-ubyte.gz`, `train-images.idx3-ubyte`).
    static func isImageFile(_ name: String) -> Bool {
        name.contains("images") && name.contains("idx3-ubyte") && labelFile(for: name) != name
    }

    /// Which half an image file belongs to, if its name says so.
    static func split(of name: String) -> ClassificationSplit? {
        if name.contains("t10k") || name.contains("test") || name.contains("val") { return .validation }
        return name.contains("train") ? .training : nil
    }

    /// Reads an image file and the label file beside it.
    static func read(_ path: String) throws -> ClassificationContent {
        let folder = FileSystem.folder(of: path)
        let name = FileSystem.name(of: path)
        let pixels = try content(path, magic: 0x0000_0803, of: "images")
        let sizes = pixels.sizes
        guard sizes[1] > 0, sizes[2] > 0 else {
            throw DatasetError(
                .malformed, at: path, "its images have \(sizes[1]) rows and \(sizes[2]) columns", remedy: "fetch the file again")
        }
        let labelPath = try labels(for: name, in: folder)
        let labels = try content(labelPath, magic: 0x0000_0801, of: "labels")
        guard labels.sizes[0] == sizes[0] else {
            throw DatasetError(
                .label, at: labelPath, "\(labels.sizes[0]) labels for the \(sizes[0]) images of '\(path)'",
                remedy: "take both files from the same dataset and the same half of it")
        }
        let isClassic = name.hasPrefix("train-images") || name.hasPrefix("t10k-images")
        let highest = labels.bytes[8...].max().map(Int.init) ?? 0
        return ClassificationContent(
            storage: IDX(path: path, pixels: pixels.bytes, height: sizes[1], width: sizes[2], count: sizes[0]),
            labels: ClassificationLabels(labels.bytes[8...].lazy.map { .single(Int($0)) }), classNames: try ClassNames.beside(folder),
            impliedClassCount: isClassic ? max(10, highest + 1) : nil, source: "IDX images \(path)")
    }

    private static func labelFile(for name: String) -> String {
        var name = name
        for (old, new) in [("images", "labels"), ("idx3", "idx1")] {
            guard let range = name.firstRange(of: old) else { return name }
            name.replaceSubrange(range, with: new)
        }
        return name
    }

    /// The label file of an image file; one may be compressed and the other not.
    private static func labels(for name: String, in folder: String) throws -> String {
        let expected = labelFile(for: name)
        let plain = expected.hasSuffix(".gz") ? String(expected.dropLast(3)) : expected
        let candidates = [expected, plain, plain + ".gz"].map { FileSystem.join(folder, $0) }
        guard expected != name, let found = candidates.first(where: { FileSystem.kind(of: $0) == .file }) else {
            throw DatasetError(
                .unreadable, at: FileSystem.join(folder, name), "there is no label file '\(expected)' beside it",
                remedy: "put images and labels in one folder, named alike but for images/labels and idx3/idx1")
        }
        return found
    }

    /// A file's bytes, decompressed, after its magic and its size were compared with its header's words.
    private static func content(_ path: String, magic: UInt32, of what: String) throws -> (bytes: [UInt8], sizes: [Int]) {
        let stored = try FileSystem.bytes(of: path)
        let isCompressed = Gzip.isCompressed(stored)
        let headerSize = 4 + 4 * Int(magic & 0xFF)
        let header = isCompressed ? try Gzip.inflate(stored, limit: headerSize, path: path) : Array(stored.prefix(headerSize))
        let words = (0..<(header.count / 4)).map { word in header[(4 * word)..<(4 * word + 4)].reduce(0) { $0 << 8 | Int($1) } }
        guard let found = words.first, found == Int(magic) else {
            let value = words.first.map { String($0, radix: 16) } ?? "missing"
            throw DatasetError(
                .malformed, at: path, "its magic number is \(value), not \(String(magic, radix: 16)) (unsigned bytes, \(what))",
                remedy: "check that this is the IDX file of the \(what)")
        }
        guard words.count == headerSize / 4 else {
            throw DatasetError(.malformed, at: path, "its header is cut", remedy: "fetch the file again")
        }
        let sizes = Array(words.dropFirst())
        let expected = sizes.reduce(Int?.some(1)) { product, size in
            product.flatMap { value -> Int? in
                let (result, overflow) = value.multipliedReportingOverflow(by: size)
                return overflow ? nil : result
            }
        }
        // Deflate makes at most 1032 bytes of one: a header that promises more is wrong, and no reason to ask for the memory.
        let possible = isCompressed ? stored.count * 1032 : stored.count
        let promised = expected.map { $0.addingReportingOverflow(headerSize) }
        guard let promised, !promised.overflow, promised.partialValue <= possible else {
            throw wrongSize(path, sizes, actual: isCompressed ? nil : stored.count - headerSize)
        }
        let total = promised.partialValue
        let bytes = isCompressed ? try Gzip.inflate(stored, limit: total + 1, path: path) : stored
        guard bytes.count == total else {
            throw wrongSize(path, sizes, actual: bytes.count > total && isCompressed ? nil : bytes.count - headerSize)
        }
        return (bytes, sizes)
    }

    private static func wrongSize(_ path: String, _ sizes: [Int], actual: Int?) -> DatasetError {
        let promise = sizes.map(String.init).joined(separator: " × ")
        return DatasetError(
            .malformed, at: path,
            "its header promises \(promise) bytes, \(actual.map { "\($0) follow" } ?? "but its content has another size")",
            remedy: "fetch the file again, it is cut or damaged")
    }
}
