/// How many classes an image can belong to at once.
public enum ClassificationLabelKind: String, Sendable, Equatable {
    /// Exactly one class (softmax).
    case single
    /// Any number of classes (independent sigmoids).
    case multi
}

/// The target of one image.
public enum ClassificationLabel: Sendable, Equatable {
    /// Class number, 0 ≤ value < number of classes.
    case single(Int)
    /// One value a class: 1 where the image shows it, 0 where not.
    case multi([Float])

    /// Whether this is one class number or a multi-hot vector.
    public var kind: ClassificationLabelKind {
        switch self {
        case .single: .single
        case .multi: .multi
        }
    }

    /// The numbers of the classes that the image shows, rising.
    public var classIDs: [Int] {
        switch self {
        case .single(let classID): [classID]
        case .multi(let values): values.indices.filter { values[$0] > 0.5 }
        }
    }
}

/// One image and its target.
public struct ClassificationRecord: Sendable {
    /// What an error names: a path, or `test_batch.bin, record 17` (records count from 0).
    public let id: String
    /// The image.
    public let payload: ImagePayload
    /// The target.
    public let label: ClassificationLabel

    /// Puts a record together.
    public init(id: String, payload: ImagePayload, label: ClassificationLabel) {
        self.id = id
        self.payload = payload
        self.label = label
    }
}
