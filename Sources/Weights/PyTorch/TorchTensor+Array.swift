/// Makes arrays from the tensors of one checkpoint.
struct TorchArrayMaker<Source: TorchStorageSource> {
    let path: String
    var source: Source
    /// Bytes that views which are not contiguous may still copy. A few bytes of pickle can describe many large views
    /// of one small storage; this is what keeps such a file from filling the memory.
    var copyBudget: Int

    init(path: String, source: Source, fileSize: Int) {
        self.path = path
        self.source = source
        copyBudget = fileSize.multipliedReportingOverflow(by: 4).partialValue &+ (1 << 30)
    }

    /// The array of a tensor: a slice of the file where the tensor is contiguous, else a contiguous copy.
    mutating func array(_ tensor: TorchTensor, name: String) throws -> WeightArray {
        func damaged(_ problem: String) -> WeightsError { WeightsError(.damaged, "\(path), tensor \(name): \(problem).") }
        guard let byteCount = tensor.type.byteCount(shape: tensor.shape), let elements = tensor.elementCount else {
            throw damaged("shape \(tensor.shape) is negative or exceeds 63 bits")
        }
        var storage = try source.bytes(of: tensor.storage)
        let size = tensor.type.size
        if let view = tensor.storage.view {
            guard let start = view.offset.nonNegativeProduct(size), let count = view.count.nonNegativeProduct(size),
                let part = storage.slice(start: start, count: count)
            else { throw damaged("its part of storage \(tensor.storage.key) lies outside it") }
            storage = part
        }
        guard elements > 0 else {
            return try WeightArray(name: name, type: tensor.type, shape: tensor.shape, bytes: WeightBytes([]))
        }
        guard let last = tensor.lastElement, last < storage.count / size, let start = tensor.offset.nonNegativeProduct(size) else {
            throw damaged(
                "offset \(tensor.offset), shape \(tensor.shape) and strides \(tensor.strides) reach outside its storage of "
                    + "\(storage.count / size) elements")
        }
        if tensor.isContiguous, let bytes = storage.slice(start: start, count: byteCount) {
            return try WeightArray(name: name, type: tensor.type, shape: tensor.shape, bytes: bytes)
        }
        guard byteCount <= copyBudget else {
            throw WeightsError(
                .unsupported,
                "\(path), tensor \(name): a view of shape \(tensor.shape) takes \(byteCount) bytes, too much for a file of this size. "
                    + "Save it as .contiguous().")
        }
        copyBudget -= byteCount
        let bytes = storage.withUnsafeBytes { gather(tensor, from: $0, byteCount: byteCount) }
        return try WeightArray(name: name, type: tensor.type, shape: tensor.shape, bytes: WeightBytes(bytes))
    }
}

extension TorchTensor {
    /// The highest element that the view touches; nil where a stride or the offset is negative or the sum overflows.
    fileprivate var lastElement: Int? {
        guard offset >= 0 else { return nil }
        var last = offset
        for (dimension, stride) in zip(shape, strides) {
            guard let reach = stride.nonNegativeProduct(dimension - 1), case let (sum, overflow) = last.addingReportingOverflow(reach),
                !overflow
            else { return nil }
            last = sum
        }
        return last
    }
}

extension Int {
    /// The product; nil where a factor is negative or the product overflows.
    fileprivate func nonNegativeProduct(_ other: Int) -> Int? {
        guard self >= 0, other >= 0, case let (product, overflow) = multipliedReportingOverflow(by: other), !overflow else { return nil }
        return product
    }
}

/// Copies a strided view, whose bounds were checked, in row-major order.
private func gather(_ tensor: TorchTensor, from source: UnsafeRawBufferPointer, byteCount: Int) -> [UInt8] {
    let size = tensor.type.size
    let rank = tensor.shape.count
    return [UInt8](unsafeUninitializedCapacity: byteCount) { target, initialized in
        let output = UnsafeMutableRawBufferPointer(target)
        var position = [Int](repeating: 0, count: rank)
        var element = tensor.offset
        let inner = tensor.shape[rank - 1]
        let innerStride = tensor.strides[rank - 1]
        var written = 0
        while written < byteCount {
            for step in 0..<inner {
                let from = (element + step * innerStride) * size
                UnsafeMutableRawBufferPointer(rebasing: output[written..<written + size])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + size]))
                written += size
            }
            // An odometer over the outer dimensions.
            var dimension = rank - 2
            while dimension >= 0 {
                position[dimension] += 1
                element += tensor.strides[dimension]
                if position[dimension] < tensor.shape[dimension] { break }
                element -= position[dimension] * tensor.strides[dimension]
                position[dimension] = 0
                dimension -= 1
            }
        }
        initialized = byteCount
    }
}
