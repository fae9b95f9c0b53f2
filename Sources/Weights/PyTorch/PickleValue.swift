/// A value of an unpickled document. Containers and objects are nodes of the document, named by their index, because
/// Python values share and may even contain themselves.
enum PickleValue: Sendable, Equatable {
    case none
    case bool(Bool)
    case int(Int)
    /// An integer beyond 64 bits: two's complement, little-endian.
    case long([UInt8])
    case double(Double)
    case string(String)
    case bytes([UInt8])
    /// A name in a module, never looked up, imported or called.
    case global(module: String, name: String)
    /// The node at an index of ``PickleDocument/nodes``.
    case node(Int)
}

/// What a container or an object holds.
struct PickleNode: Sendable {
    /// The kinds of nodes.
    enum Kind: Sendable {
        case tuple
        case list
        case dictionary
        case set
        /// What the pickle says should be made by calling `callable` with `arguments`: recorded, never done.
        case object(callable: PickleValue, arguments: PickleValue)
        /// A reference to something outside the pickle, such as a tensor's storage.
        case persistent(PickleValue)
    }

    var kind: Kind
    /// Elements of a tuple, list or set, or those that were appended to an object.
    var elements: [PickleValue] = []
    /// Entries of a dictionary, or those that were set on an object, in order. A later entry of the same key counts.
    var entries: [(key: PickleValue, value: PickleValue)] = []
    /// What BUILD hands to an object, such as its attributes.
    var state: PickleValue?
}

/// One unpickled document: its nodes and its root. A flat table instead of nested boxes, so that hostile nesting
/// exhausts no stack when it is walked or freed.
struct PickleDocument: Sendable {
    var nodes: [PickleNode] = []
    var root: PickleValue = .none

    /// The node behind a value, nil for a plain value.
    func node(_ value: PickleValue) -> PickleNode? {
        guard case .node(let index) = value, nodes.indices.contains(index) else { return nil }
        return nodes[index]
    }

    /// The elements of a tuple or list.
    func elements(_ value: PickleValue) -> [PickleValue]? {
        guard let node = node(value) else { return nil }
        switch node.kind {
        case .tuple, .list: return node.elements
        default: return nil
        }
    }

    /// The entries of a dictionary or of an object that behaves like one, such as an `OrderedDict`.
    func entries(_ value: PickleValue) -> [(key: PickleValue, value: PickleValue)]? {
        guard let node = node(value) else { return nil }
        switch node.kind {
        case .dictionary: return node.entries
        case .object(.global("collections", "OrderedDict"), _), .object(.global("collections", "defaultdict"), _): return node.entries
        default: return nil
        }
    }

    /// The entries whose keys are strings, in the order of their first appearance, each with its last value.
    func namedEntries(_ value: PickleValue) -> [(name: String, value: PickleValue)]? {
        guard let entries = entries(value) else { return nil }
        var positions: [String: Int] = [:]
        var named: [(name: String, value: PickleValue)] = []
        for entry in entries {
            guard case .string(let name) = entry.key else { continue }
            if let position = positions[name] {
                named[position].value = entry.value
            } else {
                positions[name] = named.count
                named.append((name, entry.value))
            }
        }
        return named
    }

    /// The integers of a tuple or list of integers.
    func integers(_ value: PickleValue) -> [Int]? {
        guard let elements = elements(value) ?? sizeElements(value) else { return nil }
        var integers: [Int] = []
        for element in elements {
            guard case .int(let integer) = element else { return nil }
            integers.append(integer)
        }
        return integers
    }

    /// `torch.Size((2, 3))` is a call with one tuple.
    private func sizeElements(_ value: PickleValue) -> [PickleValue]? {
        guard case .object(.global("torch", "Size"), let arguments)? = node(value)?.kind,
            let first = elements(arguments)?.first
        else { return nil }
        return elements(first)
    }
}
