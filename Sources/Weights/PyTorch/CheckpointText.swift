/// Writes out what a checkpoint holds besides tensors, for metadata and error messages. Bounded in depth and length.
enum CheckpointText {
    private static let lengthLimit = 400
    private static let depthLimit = 5

    /// A value as text: numbers and strings plainly, containers in brackets, objects by their class.
    static func text(_ value: PickleValue, in document: PickleDocument) -> String {
        if case .string(let string) = value { return String(string.prefix(lengthLimit)) }
        var output = ""
        append(value, in: document, to: &output, depth: 0)
        return output
    }

    /// What makes a value, for errors: `os.system(…)`, `a list`, `the text "x"`.
    static func maker(of value: PickleValue, in document: PickleDocument) -> String {
        switch value {
        case .global(let module, let name): return "the name \(module).\(name)"
        case .node:
            switch document.node(value)?.kind {
            case .object(.global(let module, let name), _): return "a call of \(module).\(name)"
            case .object: return "a call of something that is not a name"
            case .persistent: return "an external reference of unknown form"
            case .dictionary: return "a dictionary"
            case .tuple, .list, .set: return "a sequence"
            case nil: return "nothing"
            }
        default: return "the value \(text(value, in: document).prefix(60))"
        }
    }

    private static func append(_ value: PickleValue, in document: PickleDocument, to output: inout String, depth: Int) {
        guard output.utf8.count < lengthLimit, depth < depthLimit else {
            if !output.hasSuffix("…") { output += "…" }
            return
        }
        switch value {
        case .none: output += "None"
        case .bool(let bool): output += bool ? "True" : "False"
        case .int(let int): output += String(int)
        case .long(let bytes): output += "integer of \(bytes.count) bytes"
        case .double(let double): output += String(double)
        case .string(let string): output += jsonLiteral(String(string.prefix(lengthLimit)))
        case .bytes(let bytes): output += "\(bytes.count) bytes"
        case .global(let module, let name): output += "\(module).\(name)"
        case .node: appendNode(value, in: document, to: &output, depth: depth)
        }
    }

    private static func appendNode(_ value: PickleValue, in document: PickleDocument, to output: inout String, depth: Int) {
        if let tensor = try? TorchTensor(value, in: document) {
            output += "tensor \(tensor.type.rawValue) \(tensor.shape)"
            return
        }
        guard let node = document.node(value) else { return }
        if let entries = document.entries(value) {
            appendList(entries, "{", "}", to: &output) { entry, output in
                append(entry.key, in: document, to: &output, depth: depth + 1)
                output += ": "
                append(entry.value, in: document, to: &output, depth: depth + 1)
            }
            return
        }
        switch node.kind {
        case .object(let callable, _):
            if let number = numpyScalar(node, in: document) {
                output += number
                return
            }
            append(callable, in: document, to: &output, depth: depth + 1)
            if let state = node.state {
                append(state, in: document, to: &output, depth: depth + 1)
            } else {
                output += "(…)"
            }
        case .persistent: output += "external reference"
        case .tuple, .list, .set, .dictionary:
            appendList(node.elements, "[", "]", to: &output) { append($0, in: document, to: &$1, depth: depth + 1) }
        }
    }

    private static func appendList<Element>(
        _ elements: [Element], _ open: String, _ close: String, to output: inout String, _ body: (Element, inout String) -> Void
    ) {
        output += open
        for (index, element) in elements.enumerated() {
            if index > 0 { output += ", " }
            body(element, &output)
            if output.utf8.count >= lengthLimit { break }
        }
        output += close
    }

    /// `numpy.float64(0.125)` and the like: a dtype's name and the number's little-endian bytes.
    private static func numpyScalar(_ node: PickleNode, in document: PickleDocument) -> String? {
        guard case .object(.global(let module, "scalar"), let argumentList) = node.kind,
            ["numpy.core.multiarray", "numpy._core.multiarray"].contains(module),
            let arguments = document.elements(argumentList), arguments.count == 2,
            case .object(.global("numpy", "dtype"), let typeArguments)? = document.node(arguments[0])?.kind,
            case .string(let type)? = document.elements(typeArguments)?.first,
            let bytes = latin1Bytes(arguments[1], in: document)
        else { return nil }
        func bits<Bits: FixedWidthInteger>(_: Bits.Type) -> Bits? {
            guard bytes.count == Bits.bitWidth / 8 else { return nil }
            return bytes.reversed().reduce(0) { $0 << 8 | Bits(truncatingIfNeeded: $1) }
        }
        switch type {
        case "f8": return bits(UInt64.self).map { String(Double(bitPattern: $0)) }
        case "f4": return bits(UInt32.self).map { String(Float(bitPattern: $0)) }
        case "i8": return bits(Int64.self).map { String($0) }
        case "i4": return bits(Int32.self).map { String($0) }
        case "b1": return bytes.count == 1 ? (bytes[0] == 0 ? "False" : "True") : nil
        default: return nil
        }
    }

    /// Bytes, which protocol 2 writes as `_codecs.encode(text, 'latin1')`.
    private static func latin1Bytes(_ value: PickleValue, in document: PickleDocument) -> [UInt8]? {
        if case .bytes(let bytes) = value { return bytes }
        guard case .object(.global("_codecs", "encode"), let argumentList)? = document.node(value)?.kind,
            let arguments = document.elements(argumentList), arguments.count == 2, arguments[1] == .string("latin1"),
            case .string(let string) = arguments[0], string.unicodeScalars.allSatisfy({ $0.value < 256 })
        else { return nil }
        return string.unicodeScalars.map { UInt8($0.value) }
    }
}
