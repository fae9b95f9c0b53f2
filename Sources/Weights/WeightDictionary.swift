/// The arrays of a weight file by name, in the file's order, and what the file says about itself.
public struct WeightDictionary: Sendable {
    /// The arrays in the file's order. Names are unique.
    public private(set) var arrays: [WeightArray]
    /// Text entries: safetensors' `__metadata__`, or the non-tensor entries of a PyTorch checkpoint written out.
    public var metadata: [String: String]
    /// The prefix that was taken off every name, such as `module.`; empty when names are as in the file.
    public private(set) var strippedPrefix: String
    private var positions: [String: Int]

    /// Makes a dictionary from arrays.
    ///
    /// - Parameters:
    ///   - arrays: the arrays, in order.
    ///   - metadata: text entries.
    ///   - source: the file that an error should name.
    /// - Throws: ``WeightsError`` when two arrays have the same name.
    public init(_ arrays: [WeightArray] = [], metadata: [String: String] = [:], source: String = "The weights") throws {
        self.arrays = arrays
        self.metadata = metadata
        strippedPrefix = ""
        positions = Dictionary(minimumCapacity: arrays.count)
        for (position, array) in arrays.enumerated() where positions.updateValue(position, forKey: array.name) != nil {
            throw WeightsError(.damaged, "\(source): two arrays have the name \"\(array.name)\".")
        }
    }

    /// The array with this name, nil where there is none.
    public subscript(name: String) -> WeightArray? {
        positions[name].map { arrays[$0] }
    }

    /// The names in the file's order.
    public var names: [String] { arrays.map(\.name) }

    /// The number of arrays.
    public var count: Int { arrays.count }

    /// Whether there are no arrays.
    public var isEmpty: Bool { arrays.isEmpty }

    /// Takes off what PyTorch's wrappers put before names: `module.` (DataParallel, AveragedModel) and `_orig_mod.` (torch.compile), in any order;
    /// and AveragedModel's own counter.
    mutating func unwrap() {
        let counter = "n_averaged"
        if positions[counter] != nil, arrays.count > 1, arrays.allSatisfy({ $0.name == counter || $0.name.hasPrefix("module.") }) {
            arrays.removeAll { $0.name == counter }
            positions = Dictionary(uniqueKeysWithValues: arrays.enumerated().map { ($1.name, $0) })
        }
        var before: String
        repeat {
            before = strippedPrefix
            for prefix in ["module.", "_orig_mod."] { stripPrefix(prefix) }
        } while strippedPrefix != before
    }

    /// Takes `prefix` off the names where every name begins with it (and none would become empty), and notes it in
    /// ``strippedPrefix``. Names that only partly carry the prefix stay as they are: some of them might then collide.
    mutating func stripPrefix(_ prefix: String) {
        guard !arrays.isEmpty, arrays.allSatisfy({ $0.name.hasPrefix(prefix) && $0.name != prefix }) else { return }
        positions.removeAll(keepingCapacity: true)
        for index in arrays.indices {
            arrays[index].name.removeFirst(prefix.count)
            positions[arrays[index].name] = index
        }
        strippedPrefix += prefix
    }
}
