/// A machine for Python's pickle byte code, protocols 0 to 5 (Python's `pickletools` documents every opcode).
///
/// It executes nothing: what a pickle wants to import or call is recorded as an inert node, and the reader of
/// checkpoints then recognises the few forms that it knows. Memory is proportional to the bytes read.
struct PickleMachine {
    /// What is wrong with a pickle, and at which byte.
    struct Fault: Error, Equatable {
        enum Kind: Equatable {
            case damaged
            case truncated
            case unsupported
        }
        var kind: Kind
        var offset: Int
        var problem: String
    }

    private var reader: PickleReader
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var document = PickleDocument()

    /// Reads one pickle.
    ///
    /// - Parameters:
    ///   - bytes: the buffer.
    ///   - start: where in it the pickle begins.
    /// - Returns: the document, and the offset of the byte after the pickle's end.
    static func read(_ bytes: UnsafeRawBufferPointer, from start: Int = 0) throws(Fault) -> (document: PickleDocument, end: Int) {
        var machine = PickleMachine(reader: PickleReader(bytes: bytes, offset: start))
        while try machine.step() {}
        return (machine.document, machine.reader.offset)
    }

    private init(reader: PickleReader) {
        self.reader = reader
    }

    private func damaged(_ problem: String) -> Fault { Fault(kind: .damaged, offset: reader.offset, problem: problem) }

    /// Executes one opcode; false after STOP.
    private mutating func step() throws(Fault) -> Bool {
        let opcode = try reader.byte()
        switch opcode {
        case UInt8(ascii: "."):
            document.root = try pop()
            return false
        case 0x80:  // PROTO
            let version = try reader.byte()
            if version > 5 { throw Fault(kind: .unsupported, offset: reader.offset, problem: "pickle protocol \(version) is unknown") }
        case 0x95:  // FRAME
            _ = try reader.unsigned(8)
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "0"):
            // Python lets POP take away a mark too.
            if let mark = marks.last, mark == stack.count { marks.removeLast() } else { _ = try pop() }
        case UInt8(ascii: "1"): _ = try popToMark()
        case UInt8(ascii: "2"): stack.append(try top())
        default:
            if let value = try reader.scalar(opcode) {
                stack.append(value)
            } else if try !memoStep(opcode), try !containerStep(opcode), try !objectStep(opcode) {
                let code = "0x" + String(opcode, radix: 16)
                throw Fault(
                    kind: .unsupported, offset: reader.offset - 1, problem: "pickle opcode \(code) is not one that torch.save writes")
            }
        }
        return true
    }

    // MARK: The stack

    private func top() throws(Fault) -> PickleValue {
        guard let value = stack.last, stack.count > marks.last ?? 0 else { throw damaged("the stack is empty") }
        return value
    }

    private mutating func pop() throws(Fault) -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func popToMark() throws(Fault) -> [PickleValue] {
        guard let mark = marks.popLast(), mark <= stack.count else { throw damaged("there is no mark on the stack") }
        let values = Array(stack[mark...])
        stack.removeSubrange(mark...)
        return values
    }

    private mutating func push(_ node: PickleNode) {
        stack.append(.node(document.nodes.count))
        document.nodes.append(node)
    }

    private func topNode() throws(Fault) -> Int {
        guard case .node(let index) = try top() else { throw damaged("a container expected on the stack") }
        return index
    }

    // MARK: Opcodes by theme

    private mutating func memoStep(_ opcode: UInt8) throws(Fault) -> Bool {
        switch opcode {
        case UInt8(ascii: "q"): memo[Int(try reader.byte())] = try top()
        case UInt8(ascii: "r"): memo[try reader.unsigned(4)] = try top()
        case UInt8(ascii: "p"): memo[try reader.decimalLine()] = try top()
        case 0x94: memo[memo.count] = try top()  // MEMOIZE
        case UInt8(ascii: "h"): try recall(Int(try reader.byte()))
        case UInt8(ascii: "j"): try recall(try reader.unsigned(4))
        case UInt8(ascii: "g"): try recall(try reader.decimalLine())
        default: return false
        }
        return true
    }

    private mutating func recall(_ key: Int) throws(Fault) {
        guard let value = memo[key] else { throw damaged("memo entry \(key) does not exist") }
        stack.append(value)
    }

    private mutating func containerStep(_ opcode: UInt8) throws(Fault) -> Bool {
        switch opcode {
        case UInt8(ascii: ")"): push(PickleNode(kind: .tuple))
        case UInt8(ascii: "]"): push(PickleNode(kind: .list))
        case UInt8(ascii: "}"): push(PickleNode(kind: .dictionary))
        case 0x8F: push(PickleNode(kind: .set))
        case UInt8(ascii: "t"): push(PickleNode(kind: .tuple, elements: try popToMark()))
        case UInt8(ascii: "l"): push(PickleNode(kind: .list, elements: try popToMark()))
        case 0x91: push(PickleNode(kind: .set, elements: try popToMark()))  // FROZENSET
        case UInt8(ascii: "d"):
            let entries = try pairs(try popToMark())
            push(PickleNode(kind: .dictionary, entries: entries))
        case 0x85, 0x86, 0x87:  // TUPLE1, TUPLE2, TUPLE3
            var elements: [PickleValue] = []
            for _ in 0...(opcode - 0x85) { elements.append(try pop()) }
            push(PickleNode(kind: .tuple, elements: elements.reversed()))
        case UInt8(ascii: "a"):
            let element = try pop()
            document.nodes[try topNode()].elements.append(element)
        case UInt8(ascii: "e"), 0x90:  // APPENDS, ADDITEMS
            let elements = try popToMark()
            document.nodes[try topNode()].elements.append(contentsOf: elements)
        case UInt8(ascii: "s"):
            let value = try pop()
            let key = try pop()
            document.nodes[try topNode()].entries.append((key, value))
        case UInt8(ascii: "u"):
            let entries = try pairs(try popToMark())
            document.nodes[try topNode()].entries.append(contentsOf: entries)
        default: return false
        }
        return true
    }

    private func pairs(_ values: [PickleValue]) throws(Fault) -> [(key: PickleValue, value: PickleValue)] {
        guard values.count.isMultiple(of: 2) else { throw damaged("a key without a value") }
        return stride(from: 0, to: values.count, by: 2).map { (values[$0], values[$0 + 1]) }
    }

    private mutating func objectStep(_ opcode: UInt8) throws(Fault) -> Bool {
        switch opcode {
        case UInt8(ascii: "c"): stack.append(.global(module: try reader.line(), name: try reader.line()))
        case 0x93:  // STACK_GLOBAL
            guard case .string(let name) = try pop(), case .string(let module) = try pop() else {
                throw damaged("a global without a name")
            }
            stack.append(.global(module: module, name: name))
        case UInt8(ascii: "R"), 0x81:  // REDUCE, NEWOBJ
            let arguments = try pop()
            push(PickleNode(kind: .object(callable: try pop(), arguments: arguments)))
        case 0x92:  // NEWOBJ_EX
            let keywords = try pop()
            let arguments = try pop()
            push(PickleNode(kind: .object(callable: try pop(), arguments: arguments), state: keywords))
        case UInt8(ascii: "o"):
            let values = try popToMark()
            guard let callable = values.first else { throw damaged("an object without a class") }
            pushObject(callable, Array(values.dropFirst()))
        case UInt8(ascii: "i"):
            let callable = PickleValue.global(module: try reader.line(), name: try reader.line())
            pushObject(callable, try popToMark())
        case UInt8(ascii: "b"):
            let state = try pop()
            // BUILD on something plain cannot come from torch.save, and has no meaning here.
            document.nodes[try topNode()].state = state
        case UInt8(ascii: "Q"):
            let identifier = try pop()
            push(PickleNode(kind: .persistent(identifier)))
        case UInt8(ascii: "P"): push(PickleNode(kind: .persistent(.string(try reader.line()))))
        default: return false
        }
        return true
    }

    private mutating func pushObject(_ callable: PickleValue, _ arguments: [PickleValue]) {
        document.nodes.append(PickleNode(kind: .tuple, elements: arguments))
        push(PickleNode(kind: .object(callable: callable, arguments: .node(document.nodes.count - 1))))
    }
}
