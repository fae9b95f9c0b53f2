/// The labels of a data set in little memory: a class number takes 4 bytes, a multi-hot vector a bit a class.
///
/// A collection of ``ClassificationLabel``, whatever it is kept as.
public struct ClassificationLabels: RandomAccessCollection, Sendable {
    private var form = Form.single
    private var numbers: [Int32] = []
    /// Vectors of 0 and 1, each from a byte's lowest bit on.
    private var bits: [UInt8] = []
    private var others: [ClassificationLabel] = []

    private enum Form: Sendable {
        /// Class numbers, in `numbers`.
        case single
        /// Vectors of so many classes, in `bits`.
        case hot(width: Int)
        /// What fits neither: several kinds or widths, other values; in `others`.
        case any
    }

    /// No labels.
    public init() {}

    /// The labels of a sequence, in its order.
    public init(_ labels: some Sequence<ClassificationLabel>) {
        if let same = labels as? ClassificationLabels {
            self = same
        } else {
            for label in labels { append(label) }
        }
    }

    /// Always 0.
    public var startIndex: Int { 0 }

    /// Number of labels.
    public var endIndex: Int {
        switch form {
        case .single: numbers.count
        case .hot(let width): bits.count / Self.bytes(width)
        case .any: others.count
        }
    }

    /// The label of record `position`.
    public subscript(position: Int) -> ClassificationLabel {
        switch form {
        case .single: .single(Int(numbers[position]))
        case .hot(let width):
            .multi((0..<width).map { bits[position * Self.bytes(width) + $0 / 8] >> ($0 % 8) & 1 == 1 ? 1 : 0 })
        case .any: others[position]
        }
    }

    /// The lowest and the highest class number where all labels are class numbers; nil for others, and for none.
    var numberRange: ClosedRange<Int>? {
        guard case .single = form, let first = numbers.first else { return nil }
        var (low, high) = (first, first)
        for number in numbers { (low, high) = (Swift.min(low, number), Swift.max(high, number)) }
        return Int(low)...Int(high)
    }

    /// The highest class number, or the last class of the longest vector; nil for no labels.
    var highestClass: Int? {
        switch form {
        case .single: numberRange?.upperBound
        case .hot(let width): width - 1
        case .any:
            others.lazy.map { label in
                switch label {
                case .single(let value): value
                case .multi(let values): values.count - 1
                }
            }.max()
        }
    }

    /// Adds a label.
    mutating func append(_ label: ClassificationLabel) {
        switch (form, label) {
        case (.single, .single(let value)):
            if let number = Int32(exactly: value) { return numbers.append(number) }
        case (.single, .multi(let values)) where numbers.isEmpty && !values.isEmpty:
            if append(hot: values) { return form = .hot(width: values.count) }
        case (.hot(let width), .multi(let values)) where width == values.count:
            if append(hot: values) { return }
        case (.hot, _), (.single, .multi): break
        case (.any, _): return others.append(label)
        }
        others = Array(self) + [label]
        (form, numbers, bits) = (.any, [], [])
    }

    /// Adds the labels of another part of the data.
    mutating func append(contentsOf other: ClassificationLabels) {
        guard case (.single, .single) = (form, other.form) else {
            for label in other { append(label) }
            return
        }
        numbers.append(contentsOf: other.numbers)
    }

    /// Makes room for class numbers that will come, for growing an array of millions by doubling takes thrice its memory.
    mutating func reserve(_ count: Int) { numbers.reserveCapacity(count) }

    /// The labels at `indices`, in that order.
    func subset(_ indices: [Int]) -> ClassificationLabels {
        guard case .single = form else { return ClassificationLabels(indices.lazy.map { self[$0] }) }
        var part = ClassificationLabels()
        part.numbers = indices.map { numbers[$0] }
        return part
    }

    private mutating func append(hot values: [Float]) -> Bool {
        guard values.allSatisfy({ $0 == 0 || $0 == 1 }) else { return false }
        let start = bits.count
        bits.append(contentsOf: repeatElement(0, count: Self.bytes(values.count)))
        for (index, value) in values.enumerated() where value == 1 { bits[start + index / 8] |= 1 << (index % 8) }
        return true
    }

    private static func bytes(_ width: Int) -> Int { (width + 7) / 8 }
}

extension ClassificationLabels: Equatable, ExpressibleByArrayLiteral {
    /// Whether the labels are the same, whatever they are kept as.
    public static func == (left: ClassificationLabels, right: ClassificationLabels) -> Bool { left.elementsEqual(right) }

    /// Labels that a program names.
    public init(arrayLiteral elements: ClassificationLabel...) { self.init(elements) }
}
