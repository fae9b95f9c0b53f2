/// PyTorch checkpoints (`.pth`, `.pt`, `.th`, `.bin`) as `torch.save` writes them, in the zip form and in the legacy form.
///
/// Nothing in a checkpoint is executed: the pickle inside is read by a machine that records what Python would have
/// called, and only the handful of calls that describe tensors are understood. An `argparse.Namespace`, a learning-rate
/// scheduler or a malicious `os.system` beside the weights is inert text in the metadata.
public enum PyTorchCheckpoint {
    /// Reads the state dictionary of a checkpoint.
    ///
    /// It is looked for under `state_dict`, `model_state_dict`, `model` and `net`, then at the top level, then under the
    /// only entry that holds tensors. The prefix `module.`, which `DataParallel` puts before every name, is stripped where
    /// every name has it, and noted in ``WeightDictionary/strippedPrefix``. Entries that are not tensors (epoch, accuracy,
    /// arguments, optimizer state) become text in ``WeightDictionary/metadata``. Views with offsets and strides become
    /// contiguous arrays; contiguous ones stay slices of the mapped file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - key: the entry of the top-level dictionary to read instead of searching, such as `ema_state_dict`.
    /// - Throws: ``WeightsError`` naming the file, the tensor and the value.
    public static func read(_ path: String, key: String? = nil) throws -> WeightDictionary {
        try read(WeightBytes(MappedFile(path: path)), path: path, key: key)
    }

    static func read(_ bytes: WeightBytes, path: String, key: String?) throws -> WeightDictionary {
        let isZip = bytes.withUnsafeBytes { $0.starts(with: [0x50, 0x4B, 3, 4]) }
        if isZip {
            let (storages, document) = try TorchZipStorages.open(bytes, path: path)
            return try dictionary(document, storages, fileSize: bytes.count, path: path, key: key)
        }
        let (storages, document) = try TorchLegacyStorages.open(bytes, path: path)
        return try dictionary(document, storages, fileSize: bytes.count, path: path, key: key)
    }

    private static func dictionary<Source: TorchStorageSource>(
        _ document: PickleDocument, _ source: Source, fileSize: Int, path: String, key: String?
    ) throws -> WeightDictionary {
        let state = try StateDictionary(document, key: key, path: path)
        var maker = TorchArrayMaker(path: path, source: source, fileSize: fileSize)
        let arrays = try state.tensors.map { try maker.array($0.tensor, name: $0.name) }
        var metadata = state.metadata
        for (name, tensor) in state.scalars {
            // Beside the weights a damaged number is no reason to refuse them.
            metadata[name] = (try? maker.array(tensor, name: name))?.floats().first.map { String($0) }
        }
        var dictionary = try WeightDictionary(arrays, metadata: metadata, source: path)
        dictionary.unwrap()
        return dictionary
    }
}
