/// Weight files of any form that is read here, told apart by their content, never by their names.
public enum WeightFile {
    /// The forms that are read.
    public enum Form: String, Sendable, CaseIterable {
        /// safetensors.
        case safeTensors = "safetensors"
        /// A PyTorch checkpoint in the zip form (since PyTorch 1.6).
        case pyTorchZip = "PyTorch checkpoint (zip)"
        /// A PyTorch checkpoint in the legacy form.
        case pyTorchLegacy = "PyTorch checkpoint (legacy)"
    }

    /// Reads a weight file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - key: for a PyTorch checkpoint, the entry of its top-level dictionary to read; nil to search as
    ///     ``PyTorchCheckpoint/read(_:key:)`` describes.
    /// - Returns: the arrays in the file's order.
    /// - Throws: ``WeightsError``, with a sentence that says what the file is instead where it is no weight file.
    public static func read(_ path: String, key: String? = nil) throws -> WeightDictionary {
        let bytes = WeightBytes(try MappedFile(path: path))
        switch try form(of: bytes, path: path) {
        case .safeTensors:
            var weights = try SafeTensors.read(bytes, path: path)
            weights.unwrap()
            return weights
        case .pyTorchZip, .pyTorchLegacy: return try PyTorchCheckpoint.read(bytes, path: path, key: key)
        }
    }

    /// The form of a file, by its first bytes.
    ///
    /// - Throws: ``WeightsError`` for a file that is none of them.
    public static func form(of path: String) throws -> Form {
        try form(of: WeightBytes(MappedFile(path: path)), path: path)
    }

    private static func form(of bytes: WeightBytes, path: String) throws -> Form {
        try bytes.withUnsafeBytes { buffer in
            if buffer.isEmpty { throw WeightsError(.unknownFormat, "\(path) is empty. Fetch the file again.") }
            if buffer.starts(with: [0x50, 0x4B, 3, 4]) { return .pyTorchZip }
            if TorchLegacyStorages.recognises(buffer) { return .pyTorchLegacy }
            // After the header's length safetensors has nothing but the header's "{".
            if buffer.count > 8, buffer[8] == UInt8(ascii: "{"), buffer[6] == 0, buffer[7] == 0 { return .safeTensors }
            throw WeightsError(.unknownFormat, "\(path) \(what(buffer))")
        }
    }

    /// What a file that is no weight file seems to be, and what to do.
    private static func what(_ buffer: UnsafeRawBufferPointer) -> String {
        let text = String(decoding: buffer.prefix(256), as: UTF8.self).drop(while: \.isWhitespace).lowercased()
        let again = "Fetch the file again from its source."
        if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") {
            return
                "is a web page (HTML), saved in place of the weights; a download that needed a login or a moved address does that. \(again)"
        }
        if text.hasPrefix("<?xml") { return "is an XML document, perhaps a storage service's error message. \(again)" }
        if text.hasPrefix("version https://git-lfs") {
            return "is a Git LFS pointer, not the file itself: run `git lfs pull` where it was cloned."
        }
        let signatures: [([UInt8], String)] = [
            ([0x1F, 0x8B], "is compressed by gzip: unpack it first (gunzip, or tar -xzf)."),
            ([0x89, 0x48, 0x44, 0x46], "is HDF5 (Keras); convert it to safetensors."),
            ([0x12, 0x01, 0, 0, 0, 0, 0, 0], "is an MXNet parameter file; convert it to safetensors."),
            ([0x50, 0x4B], "is an empty or split zip archive. \(again)"),
            ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], "is a NumPy array; weights are read from safetensors and PyTorch checkpoints."),
        ]
        for (signature, sentence) in signatures where buffer.starts(with: signature) { return sentence }
        if buffer.count > 262, buffer[257..<262].elementsEqual("ustar".utf8) {
            return "is a tar archive: unpack it first. (PyTorch before 0.1.10 wrote such checkpoints: load and save it with a newer one.)"
        }
        if buffer[0] == 0x80, buffer.count > 1, buffer[1] <= 5 {
            if case .success = Result(catching: { try PickleMachine.read(buffer) }) {
                return "is a plain pickle, not a checkpoint of torch.save."
            }
            return "begins as a pickle but not as a checkpoint of torch.save, or is cut off after \(buffer.count) bytes. \(again)"
        }
        if buffer.count < 8 { return "has only \(buffer.count) bytes. \(again)" }
        return "is neither safetensors nor a PyTorch checkpoint (\(buffer.count) bytes, the first: \(hexadecimal(buffer.prefix(8))))."
    }
}

/// Bytes as lower-case hexadecimal digits.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.reduce(into: "") { text, byte in
        text += byte < 16 ? "0" : ""
        text += String(byte, radix: 16)
    }
}
