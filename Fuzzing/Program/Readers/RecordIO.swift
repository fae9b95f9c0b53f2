import Storage

@testable import Datasets

extension FuzzTarget {
    /// Framing, and the image records in it, as a stream: `--input-mode pipe`.
    static let recordIO = FuzzTarget("recordio") { bytes in
        var input = FuzzInput(bytes)
        let task: VisionTask = input.choice(2) == 0 ? .classification : .detection
        let labelWidth = [nil, 1, 16][input.choice(3)]
        let file = input.file
        let reader = RecordIOReader(MemoryStream(file), place: "train.rec", capacity: 64)
        var payloads = 0
        try attempt { while try reader.next() != nil { payloads += 1 } }
        guard reader.offset <= file.count, reader.count == payloads else { throw FuzzFinding("the reader passed the end") }
        let stream = RecordIOStream(MemoryStream(file), task: task, labelWidth: labelWidth, place: "train.rec")
        try drain(stream, atMost: payloads)
    }

    /// A whole file and the `.idx` and `.lst` beside it, in a bucket and in a folder.
    static let recordIOImages = FuzzTarget("recordio-images") { bytes in
        var input = FuzzInput(bytes)
        let task: VisionTask = input.choice(2) == 0 ? .classification : .detection
        let labelWidth = [nil, 1, 16][input.choice(3)]
        let kind = input.choice(4)
        var objects: [String: [UInt8]] = [:]
        if kind & 1 != 0 { objects["train.idx"] = input.piece() }
        if kind & 2 != 0 { objects["train.lst"] = input.piece() }
        objects["train.rec"] = input.file
        func read(_ store: any ObjectStore) throws -> Int {
            let images = try RecordIOImages(store, name: "train.rec", task: task, labelWidth: labelWidth, readsNames: kind & 2 != 0)
            try readAll(images)
            return images.count
        }
        var counts: [Int] = []
        try attempt { counts.append(try read(MemoryStore(objects: objects))) }
        for name in ["train.idx", "train.lst"] where objects[name] == nil { Scratch.remove(name) }
        for (name, content) in objects { _ = try Scratch.write(content, as: name) }
        try attempt { counts.append(try read(LocalStore(Scratch.folder))) }
        guard Set(counts).count < 2 else { throw FuzzFinding("folder and bucket differ: \(counts) records") }
    }

    /// An `.idx` alone, for a file of any size.
    static let recordIndex = FuzzTarget("idx-text") { bytes in
        var input = FuzzInput(bytes)
        let size = input.choice(256) << 16 | input.choice(256) << 8 | input.choice(256)
        guard let index = RecordIOIndex(text: input.file, size: size) else { return }
        for number in index.offsets.indices where index.range(number).isEmpty { throw FuzzFinding("an empty record in an index") }
        guard RecordIOIndex(text: index.text, size: size) == index else { throw FuzzFinding("an index does not survive its text") }
    }

    /// The records that a platform makes of an augmented manifest's lines.
    static let wrappedRecords = FuzzTarget("wrapped-records") { bytes in
        var input = FuzzInput(bytes)
        let manifest = try FuzzTarget.manifest(from: &input)
        let stream = WrappedRecordStream(MemoryStream(input.file), as: manifest, place: "pipe")
        try drain(stream, atMost: .max)
        _ = stream.classNamesSoFar
    }
}
