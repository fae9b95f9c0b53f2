/// Makes a record of one line of an augmented manifest.
struct ManifestLine: Sendable {
    let manifest: AugmentedManifest
    /// What messages call the manifest.
    let file: String
    let references: ManifestReferences
    var label: ManifestLabel
    private let wanted: [[UInt8]]

    /// Where the wanted values stand in a line.
    struct Ranges {
        let image: Range<Int>?
        let label: Range<Int>?
        let metadata: Range<Int>?
    }

    init(_ manifest: AugmentedManifest, file: String, references: ManifestReferences) {
        self.manifest = manifest
        self.file = file
        self.references = references
        label = ManifestLabel(manifest)
        wanted = [manifest.image, manifest.label, manifest.metadata].map { Array($0.utf8) }
    }

    /// Checks a line's grammar and finds what is wanted of it.
    func ranges(in line: UnsafeBufferPointer<UInt8>) throws(JSONFault) -> Ranges {
        var scanner = JSONScanner(line)
        let found = try scanner.ranges(of: wanted)
        try scanner.finish()
        return Ranges(image: found[0], label: found[1], metadata: found[2])
    }

    /// The record of a line. `names` takes the class names that it tells.
    func record(_ line: UnsafeBufferPointer<UInt8>, number: Int, names: inout ManifestClassNames) throws -> AnnotatedImage {
        let found: Ranges
        do { found = try ranges(in: line) } catch { throw DatasetError.malformed(error, at: "\(file):\(number)") }
        let record = try record(line, found, place: "\(file):\(number)")
        if let metadata = found.metadata {
            var own: Int?
            if case .label(.single(let value)) = record.annotation { own = value }
            names.add(UnsafeBufferPointer(rebasing: line[metadata]), class: own, line: number)
        }
        return record
    }

    /// The record of a line, class names left aside.
    func record(_ line: UnsafeBufferPointer<UInt8>, number: Int) throws -> AnnotatedImage {
        let place = "\(file):\(number)"
        let found: Ranges
        do { found = try ranges(in: line) } catch { throw DatasetError.malformed(error, at: place) }
        return try record(line, found, place: place)
    }

    private func record(_ line: UnsafeBufferPointer<UInt8>, _ found: Ranges, place: String) throws -> AnnotatedImage {
        let (name, payload) = try reference(line, found.image, of: manifest.image, place: place)
        switch manifest.task {
        case .classification:
            let classes = try label.classes(try value(line, found.label, of: manifest.label, place: place), at: at(manifest.label, place))
            return AnnotatedImage(name: name, payload: payload, annotation: .label(classes), place: place)
        case .detection:
            let (boxes, size) = try label.boxes(
                try value(line, found.label, of: manifest.label, place: place), at: at(manifest.label, place))
            return AnnotatedImage(name: name, payload: payload, annotation: .boxes(boxes), place: place, statedSize: size)
        case .segmentation:
            var (_, mask) = try reference(line, found.label, of: manifest.label, place: place)
            if manifest.maskValues == .colours {
                let colours = try found.metadata.map { _ in try value(line, found.metadata, of: manifest.metadata, place: place) }
                mask = .pixels(
                    try ManifestMask.classNumbers(
                        of: mask, colours: colours?["internal-color-map"], at: at(manifest.label, place)))
            }
            return AnnotatedImage(name: name, payload: payload, annotation: .mask(mask), place: place)
        }
    }

    private func at(_ attribute: String, _ place: String) -> String { "\(place), '\(attribute)'" }

    private func reference(
        _ line: UnsafeBufferPointer<UInt8>, _ range: Range<Int>?, of attribute: String, place: String
    ) throws -> (name: String, payload: ImagePayload) {
        let value = try value(line, range, of: attribute, place: place)
        guard case .string(let text) = value else {
            throw DatasetError(
                .malformed, at: at(attribute, place), "\(value.kind) (\(value.excerpt)) is no reference",
                remedy: "write s3://bucket/key, or a path")
        }
        return try references.resolve(text, at: at(attribute, place))
    }

    private func value(
        _ line: UnsafeBufferPointer<UInt8>, _ range: Range<Int>?, of attribute: String, place: String
    ) throws -> JSONValue {
        guard let range else {
            var scanner = JSONScanner(line)
            var keys: [String] = []
            try? scanner.members { (scanner, key) throws(JSONFault) in
                if keys.count < 9 { keys.append(try key.decoded(from: scanner.bytes)) }
                try scanner.skipValue(depth: 1)
            }
            throw DatasetError(
                .malformed, at: place, "the attribute '\(attribute)' is missing (the line has \(AugmentedManifest.listed(keys)))",
                remedy: "AttributeNames must be attributes of every line: first the picture's, then the label's")
        }
        do {
            return try JSONScanner.value(of: line, at: range)
        } catch {
            throw DatasetError.malformed(error, at: place)
        }
    }
}
