import Storage

extension AugmentedManifest {
    /// Finds `AttributeNames`, and the task where it isn't given, from a manifest's first line: the picture is `source-ref`, or the first
    /// attribute that ends in `-ref`; the label is the one other attribute that fits the task and has no `-metadata` in its name.
    ///
    /// - Parameters:
    ///   - name: the manifest.
    ///   - store: where it is.
    ///   - task: what the labels are about; nil: an object is boxes, a reference is a mask, anything else is a class.
    ///   - labelFormat: how multi-label classification is written.
    ///   - classCount: number of classes, where it is known.
    /// - Throws: ``DatasetError`` where the first line is not an object, or leaves a choice; `StorageError`.
    public static func inferred(
        from name: String, in store: any ObjectStore, task: VisionTask? = nil, labelFormat: LabelFormat = .multiHot,
        classCount: Int? = nil
    ) throws -> AugmentedManifest {
        let file = store.location(of: name)
        let lines = JSONLines(try store.open(name), place: file)
        let found = try lines.next { line in
            do throws(JSONFault) {
                return try candidates(in: line)
            } catch {
                throw DatasetError.malformed(error, at: "\(file):\(lines.number)")
            }
        }
        guard let found else { throw DatasetError.emptyManifest(file) }
        return try choose(among: found, task: task, at: "\(file):\(lines.number)", labelFormat: labelFormat, classCount: classCount)
    }

    private struct Candidate {
        let name: String
        let task: VisionTask
    }

    private static func candidates(in line: UnsafeBufferPointer<UInt8>) throws(JSONFault) -> [Candidate] {
        var scanner = JSONScanner(line)
        var found: [Candidate] = []
        try scanner.members { (scanner, key) throws(JSONFault) in
            let name = try key.decoded(from: scanner.bytes)
            scanner.skipSpace()
            // A string may hold an object's text, as everything may be written as a string.
            let isObject = scanner.byte == UInt8(ascii: "{")
            try scanner.skipValue(depth: 1)
            if name.hasSuffix("-metadata") { return }
            found.append(Candidate(name: name, task: name.hasSuffix("-ref") ? .segmentation : isObject ? .detection : .classification))
        }
        try scanner.finish()
        return found
    }

    private static func choose(
        among found: [Candidate], task: VisionTask?, at place: String, labelFormat: LabelFormat, classCount: Int?
    ) throws -> AugmentedManifest {
        let references = found.filter { $0.name.hasSuffix("-ref") }
        guard let image = references.first(where: { $0.name == "source-ref" }) ?? references.first else {
            throw DatasetError(
                .malformed, at: place, "no attribute ends in -ref (\(listed(found.map(\.name))))",
                remedy: "give every line a reference to its picture: \"source-ref\": \"s3://…\"")
        }
        let others = found.filter { $0.name != image.name && (task == nil || $0.task == task) }
        guard let label = others.first, others.count == 1 else {
            throw DatasetError(
                .malformed, at: place,
                others.isEmpty
                    ? "no attribute is a label for \(task?.rawValue ?? "any task") (\(listed(found.map(\.name))))"
                    : "more than one attribute may be the label: \(listed(others.map(\.name)))",
                remedy: "give AttributeNames: the picture's attribute, then the label's")
        }
        return try AugmentedManifest(
            task: label.task, attributeNames: [image.name, label.name], labelFormat: labelFormat, classCount: classCount)
    }

    static func listed(_ names: [String]) -> String {
        names.isEmpty
            ? "no attributes" : names.prefix(8).map { "'\($0.prefix(40))'" }.joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    }
}

extension DatasetError {
    /// A line that is not JSON.
    static func malformed(_ fault: JSONFault, at place: String) -> DatasetError {
        DatasetError(
            .malformed, at: "\(place), column \(fault.offset + 1)", fault.problem,
            remedy: "write one JSON object a line (jsonlines.org)")
    }

    /// A text without lines.
    static func emptyManifest(_ file: String) -> DatasetError {
        DatasetError(.malformed, at: file, "the manifest is empty", remedy: "write one JSON object a line")
    }
}
