import Imaging

/// CIFAR-10 and CIFAR-100 in their binary form: records of one label byte (CIFAR-100: a coarse and a fine one; the fine one is used)
/// and 1,024 red, 1,024 green, 1,024 blue bytes, row by row (cs.toronto.edu/~kriz/cifar.html).
struct CIFARBinary: ClassificationStorage {
    private static let side = 32
    private static let plane = side * side

    /// One file, held whole (CIFAR is at most 180 MB): no I/O errors in the middle of an epoch.
    private struct File {
        var path: String
        var bytes: [UInt8]
        /// Number of this file's first record in the dataset.
        var first: Int
    }

    private let files: [File]
    private let labelBytes: Int
    let count: Int

    private var recordSize: Int { labelBytes + 3 * Self.plane }

    private func locate(_ index: Int) -> (file: File, record: Int) {
        let file = files.last { $0.first <= index } ?? files[0]
        return (file, index - file.first)
    }

    func name(at index: Int) -> String {
        let (file, record) = locate(index)
        return "\(file.path), record \(record)"
    }

    func payload(at index: Int) throws -> ImagePayload {
        let (file, record) = locate(index)
        let start = record * recordSize + labelBytes
        let plane = Self.plane
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * plane) { target, count in
            file.bytes.withUnsafeBufferPointer { source in
                for pixel in 0..<plane {
                    target[3 * pixel] = source[start + pixel]
                    target[3 * pixel + 1] = source[start + plane + pixel]
                    target[3 * pixel + 2] = source[start + 2 * plane + pixel]
                }
            }
            count = 3 * plane
        }
        return .pixels(try Image(width: Self.side, height: Self.side, channels: 3, pixels: pixels))
    }

    /// Names of files of the two halves, as the archives have them.
    static func split(of name: String) -> ClassificationSplit? {
        if name == "train.bin" || name.hasPrefix("data_batch") && name.hasSuffix(".bin") { return .training }
        if name == "test.bin" || name == "test_batch.bin" { return .validation }
        return nil
    }

    /// Reads files that lie in one folder; names come from `batches.meta.txt`, `fine_label_names.txt` or `classes.txt` there.
    static func read(_ paths: [String]) throws -> ClassificationContent {
        var files: [File] = []
        var labels = ClassificationLabels()
        var labelBytes: Int?
        for path in paths {
            let bytes = try FileSystem.bytes(of: path)
            let width = try labelWidth(size: bytes.count, path: path)
            if let labelBytes, labelBytes != width {
                throw DatasetError(
                    .malformed, at: path, "it is CIFAR-\(width == 1 ? 10 : 100) but '\(paths[0])' is CIFAR-\(width == 1 ? 100 : 10)",
                    remedy: "keep the two datasets in folders of their own")
            }
            labelBytes = width
            files.append(File(path: path, bytes: bytes, first: labels.count))
            for start in stride(from: 0, to: bytes.count, by: width + 3 * plane) {
                labels.append(.single(Int(bytes[start + width - 1])))
            }
        }
        guard let labelBytes else {
            throw DatasetError(.argument, at: "paths", "there are no CIFAR files", remedy: "name at least one .bin file")
        }
        let folder = FileSystem.folder(of: paths[0])
        let own = FileSystem.join(folder, labelBytes == 1 ? "batches.meta.txt" : "fine_label_names.txt")
        return ClassificationContent(
            storage: CIFARBinary(files: files, labelBytes: labelBytes, count: labels.count), labels: labels,
            classNames: try ClassNames.beside(folder) ?? ClassNames.read(own), impliedClassCount: labelBytes == 1 ? 10 : 100,
            source: "CIFAR-\(labelBytes == 1 ? 10 : 100) binary \(paths.joined(separator: ", "))")
    }

    /// Label bytes a record, told by the file's size; CIFAR-10 where both would do (which takes 9 MB of coincidence).
    private static func labelWidth(size: Int, path: String) throws -> Int {
        if size > 0 {
            if size.isMultiple(of: 1 + 3 * plane) { return 1 }
            if size.isMultiple(of: 2 + 3 * plane) { return 2 }
        }
        throw DatasetError(
            .malformed, at: path,
            "\(size) bytes are no whole number of CIFAR records (3073 bytes, CIFAR-100: 3074); \(size % 3073) bytes lie behind the last one",
            remedy: "fetch the file again, it is cut or no CIFAR file")
    }
}
