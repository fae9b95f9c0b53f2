/// Reads the value of a label's attribute, from a manifest's line or a record of a pipe. A string may hold the JSON text of any other form:
/// whether the platform keeps quotation marks is not known.
///
/// Source: spec data-formats.md, "Augmented manifest"; recordio.md, "Inside a SageMaker channel".
struct ManifestLabel {
    let manifest: AugmentedManifest
    /// Number of classes for ``AugmentedManifest/LabelFormat/classID``, where the manifest's description does not give it.
    var inferredClassCount: Int?

    init(_ manifest: AugmentedManifest, inferredClassCount: Int? = nil) {
        self.manifest = manifest
        self.inferredClassCount = inferredClassCount
    }

    /// The class or classes of a picture. `place`: what the error names.
    func classes(_ value: JSONValue, at place: @autoclosure () -> String) throws -> ClassificationLabel {
        switch value.unwrapped {
        case .number(let number): return .single(try classNumber(.number(number), at: place()))
        case .array(let values) where manifest.labelFormat == .classID:
            guard let count = manifest.classCount ?? inferredClassCount else {
                throw DatasetError(
                    .argument, at: place(), "class ids do not say how many classes there are", remedy: "set num_classes")
            }
            var hot = [Float](repeating: 0, count: count)
            for value in values {
                let number = try classNumber(value.unwrapped, at: place())
                guard number < count else { throw JSONValue.beyond(number, count, at: place()) }
                hot[number] = 1
            }
            return .multi(hot)
        case .array(let values):
            if let count = manifest.classCount, values.count != count {
                throw DatasetError(
                    .label, at: place(), "it has \(values.count) values, but num_classes is \(count)",
                    remedy: "write one 0 or 1 for each class; for lists of class ids set label-format=class-id")
            }
            guard !values.isEmpty else {
                throw DatasetError(.label, at: place(), "it has no values", remedy: "write one 0 or 1 for each class")
            }
            return .multi(
                try values.map { value in
                    guard case .number(let number) = value.unwrapped, number == 0 || number == 1 else {
                        throw DatasetError(
                            .label, at: place(), "\(value.excerpt) is neither 0 nor 1",
                            remedy: "write one 0 or 1 for each class; for lists of class ids set label-format=class-id")
                    }
                    return Float(number)
                })
        case let other:
            throw DatasetError(
                .label, at: place(), "\(other.kind) (\(other.excerpt)) is no class number",
                remedy: "write the class number, counted from 0, or an array of 0 and 1")
        }
    }

    /// The boxes of a picture and the size that they were drawn at. `place`: what errors name.
    func boxes(_ value: JSONValue, at place: @autoclosure () -> String) throws -> (boxes: [BoundingBox], size: PixelSize) {
        try BoxObject.read(value, classCount: manifest.classCount, at: place())
    }

    /// A class number: whole, not negative, below the number of classes.
    func classNumber(_ value: JSONValue, at place: @autoclosure () -> String) throws -> Int {
        try value.classNumber(below: manifest.classCount, at: place())
    }
}
