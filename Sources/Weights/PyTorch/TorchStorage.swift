/// A tensor's storage as a pickle refers to it: `('storage', torch.FloatStorage, '3', 'cpu', 1024)`.
struct TorchStorage {
    /// The class of the storage, such as `FloatStorage`.
    var className: String
    /// The name under which the file keeps its bytes.
    var key: String
    /// The number of elements of the whole storage.
    var count: Int
    /// Files of old versions may refer to a part of a storage: offset and number of elements.
    var view: (offset: Int, count: Int)?

    /// Element sizes of the storage classes that PyTorch has: needed to step over storages, even of types not read.
    private static let elementSizes: [String: Int] = [
        "DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8, "IntStorage": 4,
        "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1, "UntypedStorage": 1, "QInt8Storage": 1,
        "QUInt8Storage": 1, "QInt32Storage": 4, "ComplexFloatStorage": 8, "ComplexDoubleStorage": 16,
    ]

    private static let types: [String: ScalarType] = [
        "DoubleStorage": .f64, "FloatStorage": .f32, "HalfStorage": .f16, "BFloat16Storage": .bf16, "LongStorage": .i64,
        "IntStorage": .i32, "ShortStorage": .i16, "CharStorage": .i8, "ByteStorage": .u8, "BoolStorage": .bool,
    ]

    /// Names of `torch.dtype`s, which untyped storages are given beside.
    static let dtypes: [String: ScalarType] = [
        "float64": .f64, "double": .f64, "float32": .f32, "float": .f32, "float16": .f16, "half": .f16, "bfloat16": .bf16,
        "int64": .i64, "long": .i64, "int32": .i32, "int": .i32, "int16": .i16, "short": .i16, "int8": .i8, "uint8": .u8,
        "bool": .bool,
    ]

    /// Bytes of one element, nil for a class that is not known.
    var elementSize: Int? { Self.elementSizes[className] }

    /// The element type, nil for an untyped storage or a type that is not read here.
    var type: ScalarType? { Self.types[className] }

    /// The bytes of the whole storage; nil where the class is unknown or the size overflows.
    var byteCount: Int? {
        guard let elementSize, count >= 0, case let (bytes, overflow) = count.multipliedReportingOverflow(by: elementSize), !overflow
        else { return nil }
        return bytes
    }

    /// Reads a persistent reference; nil where it is something else.
    init?(_ value: PickleValue, in document: PickleDocument) {
        guard case .persistent(let identifier)? = document.node(value)?.kind else { return nil }
        self.init(identifier: identifier, in: document)
    }

    /// Reads the tuple of a persistent reference.
    init?(identifier: PickleValue, in document: PickleDocument) {
        guard let parts = document.elements(identifier), parts.count >= 5, parts[0] == .string("storage"),
            case .global(let module, let name) = parts[1], ["torch", "torch.cuda", "torch.storage"].contains(module),
            case .int(let count) = parts[4]
        else { return nil }
        switch parts[2] {
        case .string(let key): self.key = key
        case .int(let key): self.key = String(key)
        default: return nil
        }
        className = name
        self.count = count
        if parts.count > 5, let view = document.elements(parts[5]), view.count == 3, case .int(let offset) = view[1],
            case .int(let size) = view[2]
        {
            self.view = (offset, size)
        }
    }
}

/// Where a checkpoint keeps the bytes of its storages.
protocol TorchStorageSource {
    /// The whole storage's bytes, little-endian.
    mutating func bytes(of storage: TorchStorage) throws -> WeightBytes
}

/// Reverses the bytes of each element, for files of big-endian machines.
func byteSwapped(_ bytes: WeightBytes, elementSize: Int) -> WeightBytes {
    guard elementSize > 1 else { return bytes }
    let swapped = bytes.withUnsafeBytes { source in
        var target = Array(source)
        for start in stride(from: 0, through: target.count - elementSize, by: elementSize) {
            target[start..<start + elementSize].reverse()
        }
        return target
    }
    return WeightBytes(swapped)
}
