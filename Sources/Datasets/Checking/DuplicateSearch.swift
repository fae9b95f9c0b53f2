/// A picture by its content: 32 bytes a record are kept until all were seen.
struct ContentEntry {
    let content: ContentDigest
    /// The annotation's digest, shortened; 0: there is none.
    let annotation: UInt64
    private let place: Int

    init(content: ContentDigest, annotation: UInt64, channel: String, record: Int) {
        self.content = content
        self.annotation = annotation
        place = record << 1 | (channel == DataCheck.training ? 0 : 1)
    }

    var record: Int { place >> 1 }
    var isTraining: Bool { place & 1 == 0 }
}

/// Finds pictures that are there twice.
struct DuplicateSearch {
    /// A copy and the picture that it is a copy of.
    struct Copy {
        let kind: DataFault.Kind
        let record: Int
        let isTraining: Bool
        /// The first of the same content; of a copy in the validation set, the first of the training set if there is one.
        let original: Int
        let originalIsTraining: Bool
        /// Whether both were annotated, and differently.
        let contradicts: Bool
    }

    /// Every copy, in the order of the records.
    static func copies(among entries: [ContentEntry]) -> [Copy] {
        var entries = entries
        entries.sort { ($0.content, $0.isTraining ? 0 : 1, $0.record) < ($1.content, $1.isTraining ? 0 : 1, $1.record) }
        var copies: [Copy] = []
        var original = 0
        for index in entries.indices.dropFirst() {
            let entry = entries[index]
            if entry.content != entries[original].content {
                original = index
                continue
            }
            let first = entries[original]
            let contradicts = entry.annotation != first.annotation && entry.annotation != 0 && first.annotation != 0
            let isLeak = first.isTraining && !entry.isTraining
            copies.append(
                Copy(
                    kind: isLeak ? .leak : contradicts ? .contradictingLabels : .duplicate, record: entry.record,
                    isTraining: entry.isTraining, original: first.record, originalIsTraining: first.isTraining, contradicts: contradicts))
        }
        return copies.sorted { ($0.isTraining ? 0 : 1, $0.record) < ($1.isTraining ? 0 : 1, $1.record) }
    }
}
