/// A tensor as a checkpoint describes it: a strided view of a storage. This file is the whole list of Python calls
/// that are understood; each is interpreted here, none is made.
struct TorchTensor {
    var storage: TorchStorage
    var type: ScalarType
    /// First element, counted in elements of the storage.
    var offset: Int
    var shape: [Int]
    /// Steps between neighbours along each dimension, in elements.
    var strides: [Int]

    var elementCount: Int? { Weights.elementCount(of: shape) }

    /// Whether the elements lie in row-major order without gaps.
    var isContiguous: Bool {
        var expected = 1
        for (dimension, stride) in zip(shape, strides).reversed() where dimension != 1 {
            if stride != expected { return false }
            expected = expected.multipliedReportingOverflow(by: dimension).partialValue
        }
        return true
    }

    /// What keeps a value that should be a tensor from being one.
    struct Fault: Error {
        var kind: WeightsError.Kind
        var problem: String
    }

    /// Reads a tensor or a parameter from a pickled value; nil where the value is something else.
    ///
    /// - Throws: ``Fault`` where it is a tensor of a kind that is not read, or is made by a call that is not known.
    init?(_ value: PickleValue, in document: PickleDocument, depth: Int = 0) throws(Fault) {
        guard depth < 8, case .object(.global(let module, let name), let argumentList)? = document.node(value)?.kind,
            let arguments = document.elements(argumentList)
        else { return nil }
        switch (module, name) {
        case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"):
            guard let data = arguments.first, let tensor = try TorchTensor(data, in: document, depth: depth + 1) else {
                let maker = arguments.first.map { CheckpointText.maker(of: $0, in: document) } ?? "nothing"
                throw Fault(kind: .unsupported, problem: "the parameter's data come from \(maker), which is not a tensor's form")
            }
            self = tensor
        case ("torch._tensor", "_rebuild_from_type_v2"):
            // A subclass of Tensor: the call that makes the plain tensor, the class, the call's arguments, attributes.
            guard arguments.count >= 3, case .global(let innerModule, let innerName) = arguments[0],
                let inner = document.elements(arguments[2])
            else { throw Fault(kind: .damaged, problem: "a tensor of a subclass lacks its arguments") }
            guard let tensor = try TorchTensor(call: innerName, of: innerModule, inner, in: document) else {
                throw Fault(kind: .unsupported, problem: "a tensor of a subclass is made by \(innerModule).\(innerName)")
            }
            self = tensor
        default:
            guard let tensor = try TorchTensor(call: name, of: module, arguments, in: document) else { return nil }
            self = tensor
        }
    }

    private init?(call name: String, of module: String, _ arguments: [PickleValue], in document: PickleDocument) throws(Fault) {
        guard module == "torch._utils", name.hasPrefix("_rebuild_") else { return nil }
        let known = ["_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"]
        guard known.contains(name) else {
            let remedy = "Convert it to a dense tensor before saving"
            throw Fault(kind: .unsupported, problem: "torch._utils.\(name) makes a sparse, quantised or device tensor. \(remedy)")
        }
        guard arguments.count >= 4, case .int(let offset) = arguments[1], let shape = document.integers(arguments[2]),
            let strides = document.integers(arguments[3]), shape.count == strides.count
        else { throw Fault(kind: .damaged, problem: "torch._utils.\(name) lacks offset, size or stride") }
        guard let storage = TorchStorage(arguments[0], in: document) else {
            let maker = CheckpointText.maker(of: arguments[0], in: document)
            throw Fault(kind: .unsupported, problem: "the tensor's storage comes from \(maker), which is not a storage of the file")
        }
        var type = storage.type
        if name == "_rebuild_tensor_v3" {
            guard arguments.count >= 7, case .global("torch", let dtype) = arguments[6] else {
                throw Fault(kind: .damaged, problem: "torch._utils.\(name) lacks its dtype")
            }
            type = TorchStorage.dtypes[dtype]
            if type == nil { throw Fault(kind: .unsupported, problem: "element type torch.\(dtype) is not read here") }
        }
        guard let type else {
            throw Fault(kind: .unsupported, problem: "element type of torch.\(storage.className) is not read here")
        }
        self.storage = storage
        self.type = type
        self.offset = offset
        self.shape = shape
        self.strides = strides
    }
}
