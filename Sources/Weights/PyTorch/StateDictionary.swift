/// Where in a checkpoint the state dictionary lies.
struct StateDictionary {
    /// The tensors by name, in order.
    var tensors: [(name: String, tensor: TorchTensor)] = []
    /// Everything else, at every level passed on the way, as text; nested names are joined by dots.
    var metadata: [String: String] = [:]
    /// Tensors beside the state dictionary that hold one element, such as an accuracy: their value belongs to the metadata.
    var scalars: [(name: String, tensor: TorchTensor)] = []

    /// The names under which training scripts keep a state dictionary, in the order in which they are tried.
    static let customaryNames = ["state_dict", "model_state_dict", "model", "net"]

    /// Finds the state dictionary of a document.
    ///
    /// - Parameters:
    ///   - document: the unpickled checkpoint.
    ///   - key: the entry to take, nil for the customary search: an entry of a customary name that holds tensors, else
    ///     the top level itself, else the only entry that holds tensors.
    ///   - path: the file that errors name.
    init(_ document: PickleDocument, key: String?, path: String) throws {
        var value = document.root
        // `{"model": {"state_dict": {…}}}` occurs; deeper nesting does not.
        for depth in 0..<4 {
            guard let entries = document.namedEntries(value) else {
                throw WeightsError(
                    .unsupported,
                    "\(path) holds \(CheckpointText.maker(of: value, in: document)), not a dictionary of tensors. A whole module cannot "
                        + "be read, since that would mean running its code: load it in Python and save module.state_dict().")
            }
            let choice = try Self.entry(of: entries, in: document, key: depth == 0 ? key : nil, path: path)
            try note(entries, besides: choice?.name, in: document, path: path)
            guard let choice else { return }
            value = choice.value
        }
        throw WeightsError(.unsupported, "\(path): the state dictionary lies more than 4 levels deep.")
    }

    private typealias Entry = (name: String, value: PickleValue)

    /// The entry to descend into, nil where `entries` is the state dictionary.
    private static func entry(of entries: [Entry], in document: PickleDocument, key: String?, path: String) throws -> Entry? {
        func present() -> String { entries.prefix(20).map(\.name).joined(separator: ", ") }
        if let key {
            guard let entry = entries.first(where: { $0.name == key }) else {
                throw WeightsError(.unavailable, "\(path) has no entry \"\(key)\"; it has \(present()).")
            }
            return entry
        }
        for name in customaryNames {
            if let entry = entries.first(where: { $0.name == name && holdsTensors($0.value, in: document) }) { return entry }
        }
        let tensors = entries.filter { isTensor($0.value, in: document) }
        let candidates = entries.filter { holdsTensors($0.value, in: document) }
        // Numbers beside the only dictionary of tensors, such as the best accuracy, are no weights.
        let areNumbers = tensors.allSatisfy { (try? TorchTensor($0.value, in: document))??.elementCount == 1 }
        guard tensors.isEmpty || candidates.count == 1 && areNumbers else { return nil }
        if candidates.count == 1 { return candidates[0] }
        if candidates.isEmpty {
            if let (name, value) = entries.first(where: { customaryNames.contains($0.name) }), document.entries(value) == nil {
                throw WeightsError(
                    .unsupported,
                    "\(path): entry \"\(name)\" is \(CheckpointText.maker(of: value, in: document)), not a dictionary of tensors. A whole "
                        + "module cannot be read: load it in Python and save module.state_dict().")
            }
            throw WeightsError(.unsupported, "\(path) holds no tensors where a state dictionary could be; its entries: \(present()).")
        }
        throw WeightsError(
            .unsupported,
            "\(path) holds several dictionaries of tensors (\(candidates.map(\.name).joined(separator: ", "))). Save the one that is wanted: torch.save(checkpoint[\"\(candidates[0].name)\"], …)."
        )
    }

    /// Whether a value is a tensor, even of a kind that is not read.
    private static func isTensor(_ value: PickleValue, in document: PickleDocument) -> Bool {
        do { return try TorchTensor(value, in: document) != nil } catch { return true }
    }

    /// Whether a value is a dictionary with tensors in it or, as in `{"state_dict": …}`, one level below.
    private static func holdsTensors(_ value: PickleValue, in document: PickleDocument, depth: Int = 0) -> Bool {
        guard depth < 2, let entries = document.entries(value) else { return false }
        return entries.contains { entry in
            guard case .string = entry.key else { return false }
            return isTensor(entry.value, in: document) || holdsTensors(entry.value, in: document, depth: depth + 1)
        }
    }

    private mutating func note(_ entries: [Entry], besides chosen: String?, in document: PickleDocument, path: String) throws {
        for (name, value) in entries where name != chosen {
            let tensor: TorchTensor?
            do {
                tensor = try TorchTensor(value, in: document)
            } catch {
                // Beside the state dictionary a strange tensor does no harm.
                if chosen == nil { throw WeightsError(error.kind, "\(path), tensor \(name): \(error.problem).") }
                tensor = nil
            }
            if let tensor, chosen == nil {
                tensors.append((name, tensor))
            } else if let tensor, tensor.elementCount == 1 {
                scalars.append((name, tensor))
            } else {
                metadata[name] = CheckpointText.text(value, in: document)
            }
        }
    }
}
