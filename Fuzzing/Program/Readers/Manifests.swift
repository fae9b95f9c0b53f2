import Storage

@testable import Datasets

extension FuzzTarget {
    /// Augmented manifests of the three tasks, in order and in any order.
    static let manifest = FuzzTarget("manifest") { bytes in
        var input = FuzzInput(bytes)
        let manifest = try manifest(from: &input)
        let file = input.file
        let store = MemoryStore(objects: ["train.manifest": file])
        try attempt {
            let stream = try ManifestStream("train.manifest", in: store, as: manifest, opening: bucket)
            try drain(stream, atMost: file.count)
            _ = stream.classNamesSoFar
        }
        _ = try Scratch.write(file, as: "train.manifest")
        let images = try ManifestImages("train.manifest", in: LocalStore(Scratch.folder), as: manifest, opening: bucket)
        try readAll(images)
    }

    /// `AttributeNames` and task from the first line.
    static let manifestInferred = FuzzTarget("manifest-inferred") { bytes in
        var input = FuzzInput(bytes)
        let task = ([nil] + VisionTask.allCases.map(Optional.some))[input.choice(4)]
        let store = MemoryStore(objects: ["train.manifest": input.file])
        let manifest = try AugmentedManifest.inferred(from: "train.manifest", in: store, task: task)
        let stream = try ManifestStream("train.manifest", in: store, as: manifest, opening: bucket)
        _ = try stream.next()
        // What a pipe would carry of it.
        let lines = JSONLines(MemoryStream(input.file), place: "train.manifest", limit: 64)
        while true {
            do { guard try lines.next({ $0.count }) != nil else { return } } catch  where lines.isRecoverable { continue }
        }
    }

    /// An S3 manifest file and the objects that it names.
    static let manifestFile = FuzzTarget("manifest-file") { bytes in
        let objects: [String: [UInt8]] = ["files.json": bytes, "a/1.jpg": [1], "a/2.jpg": [2, 2], "a/.hidden": [3], "b": [4]]
        let store = try ManifestFileStore("files.json", in: MemoryStore(objects: objects), opening: bucket)
        // The prefix may be a path of this machine, which is no business of the fuzzer's.
        guard !store.place.hasPrefix("/") else { return }
        for prefix in ["", "1", "a/"] { try attempt { _ = try store.list(prefix: prefix) } }
        for name in store.names.prefix(64) + ["a/1.jpg"] {
            try attempt { _ = try store.bytes(of: name) }
            try attempt { _ = try store.information(about: name) }
        }
    }

    /// The meaning of lines that an input chooses.
    static func manifest(from input: inout FuzzInput) throws -> AugmentedManifest {
        let task = VisionTask.allCases[input.choice(3)]
        let way = input.choice(16)
        let label = task == .segmentation ? "label-ref" : "label"
        return try AugmentedManifest(
            task: task, attributeNames: ["source-ref", label] + (way & 1 == 0 ? [] : [label + "-metadata"]),
            labelFormat: way & 2 == 0 ? .multiHot : .classID, classCount: way & 4 == 0 ? nil : 6,
            maskValues: way & 8 == 0 ? .classNumbers : .colours)
    }

    private static let bucket: LocationOpener = { _ in (MemoryStore(objects: ["a/1.jpg": [1]]), "") }
}
