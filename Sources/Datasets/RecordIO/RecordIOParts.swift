import Storage

/// Several RecordIO files as one data set, one behind the other, in any order.
///
/// Source: spec data-formats.md, "Channels and input modes": a pipe carries all files of a channel in this way.
struct RecordIOParts: AnnotatedImages {
    private let parts: [RecordIOImages]
    /// Position behind each part's last record.
    private let ends: [Int]
    let source: String

    var task: VisionTask { parts[0].task }
    var classNames: [String]? { parts[0].classNames }
    var warnings: [String] { parts.flatMap(\.warnings) }
    var count: Int { ends.last ?? 0 }

    /// Opens files of one folder or prefix; see ``RecordIOImages``. `names`: at least one.
    init(_ names: [String], in store: any ObjectStore, task: VisionTask = .classification, classNames: [String]?) throws {
        guard !names.isEmpty else {
            throw DatasetError(.argument, at: store.place, "there are no RecordIO files", remedy: "name at least one")
        }
        parts = try names.map { try RecordIOImages(store, name: $0, task: task, classNames: classNames) }
        var ends: [Int] = []
        for part in parts { ends.append((ends.last ?? 0) + part.count) }
        self.ends = ends
        source = parts.count == 1 ? parts[0].source : "\(parts.count) RecordIO files in \(store.place)"
    }

    func record(at index: Int) throws -> AnnotatedImage {
        let (part, number) = try place(of: index)
        return try parts[part].record(at: number)
    }

    func annotation(at index: Int) throws -> Annotation {
        let (part, number) = try place(of: index)
        return try parts[part].annotation(at: number)
    }

    func labels() throws -> ClassificationLabels {
        var labels = ClassificationLabels()
        for part in parts { labels.append(contentsOf: try part.labels()) }
        return labels
    }

    private func place(of index: Int) throws -> (part: Int, number: Int) {
        try check(index)
        var (low, high) = (0, ends.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] > index { high = middle } else { low = middle + 1 }
        }
        return (low, index - (low > 0 ? ends[low - 1] : 0))
    }
}
