import Storage
import Testing

@testable import Datasets

@Suite("Hosts that share a channel object by object")
struct ObjectShareTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func sample(_ name: String, _ label: Int) -> AnnotatedImage {
        AnnotatedImage(name: name, payload: .encoded(picture(name)), annotation: .label(.single(label)), place: "made")
    }

    private func channel(_ path: String, _ host: Int, of count: Int, _ mode: InputMode = .file) throws -> ClassificationChannel {
        var channel = ClassificationChannel(folder.path + "/" + path)
        channel.shard = try RecordShard(host: host, of: count)
        channel.shardUnit = .object
        channel.mode = mode
        return channel
    }

    /// The texts of a source's pictures, in its order.
    private func texts(_ source: ClassificationSource) throws -> [String] {
        func text(_ payload: ImagePayload) throws -> String { String(decoding: try payload.encodedBytes().dropFirst(4), as: UTF8.self) }
        switch source {
        case .dataset(let dataset): return try (0..<dataset.count).map { try text(dataset.record(at: $0).payload) }
        case .stream(let stream):
            let feed = stream.feed(bounds: .none, seed: 0)
            try feed.start(epochs: 0..<1)
            let piece = try feed.take(10_000, waiting: true)
            return try (piece?.indices ?? []).map { try text(feed.record(at: $0, epoch: 0).payload) }
        }
    }

    /// Seven RecordIO files of one, two, … records.
    private func writeParts() throws -> [[String]] {
        try (0..<7).map { part in
            let writer = try RecordIOImageWriter(LocalStore(folder.path + "/parts"), name: "p\(part)")
            let names = (0...part).map { "p\(part)-\($0).jpg" }
            for (number, name) in names.enumerated() { try writer.write(sample(name, (part + number) % 3)) }
            try writer.finish()
            return names
        }
    }

    @Test("RecordIO files: host i of n has the i-th, the (i + n)-th, … in order of names, in any order and as a stream")
    func recordIO() throws {
        let parts = try writeParts()
        for mode in [InputMode.file, .fastFile, .pipe] {
            for count in [1, 2, 3, 7] {
                for host in 0..<count {
                    var channel = try channel("parts", host, of: count, mode)
                    channel.classCount = 3
                    let own = stride(from: host, to: 7, by: count).flatMap { parts[$0] }
                    #expect(try texts(channel.open()) == own, "host \(host) of \(count) as \(mode)")
                }
            }
        }
        // Without sharing, parts are one data set, too.
        #expect(try texts(ClassificationChannel(folder.path + "/parts").open()) == parts.flatMap { $0 })
        #expect(
            message { _ = try channel("parts", 0, of: 2).open() }.hasPrefix(
                "num_classes: it is not given, and can't be counted: host 0 of 2 has 4 of the 7 files of "))
        #expect(
            message { _ = try channel("parts", 7, of: 8).open() }
                .hasSuffix(
                    "/parts: host 7 of 8 has none of its 7 objects (p0.rec, p1.rec, p2.rec, p3.rec, p4.rec, p5.rec, p6.rec); "
                        + "share by record, or among 7 hosts"))
    }

    @Test("One object is the first host's; the others are told", arguments: [InputMode.file, .pipe])
    func one(mode: InputMode) throws {
        _ = try writeParts()
        var first = try channel("parts/p6.rec", 0, of: 2, mode)
        first.classCount = 3
        #expect(try texts(first.open()).count == 7)
        var second = try channel("parts/p6.rec", 1, of: 2, mode)
        second.classCount = 3
        #expect(message { _ = try second.open() }.contains("p6.rec: host 1 of 2 has none of its 1 object (p6.rec); share by record"))
    }

    @Test("Halves are told by their names; files that are neither whole nor parts are refused as before")
    func halves() throws {
        for name in ["train", "validation", "other"] {
            let writer = try RecordIOImageWriter(LocalStore(folder.path + "/halves"), name: name)
            try writer.write(sample(name, 0))
            try writer.finish()
        }
        #expect(try texts(channel("halves", 0, of: 2).open()) == ["train"])
        #expect(message { _ = try channel("halves", 1, of: 2).open() }.contains("none of its 1 object (train.rec)"))
        _ = try LocalStore(folder.path + "/halves").remove("train.rec")
        #expect(message { _ = try channel("halves", 0, of: 2).open() }.contains("it holds several data sets"))
    }

    @Test("Class folders: images are shared as a platform lists them; classes are those of all hosts")
    func folders() throws {
        var names: [String] = []
        for number in 0..<10 { names.append("cat/\(number).jpg") }
        for number in 0..<4 { names.append("dog/\(number).jpg") }
        names += ["eel/x.jpg"]
        for name in names { try folder.write(picture(name), to: "set/" + name) }
        try folder.write("eel\ncat\ndog\n", to: "set/classes.txt")
        for count in [1, 2, 4, 15] {
            var all: [String] = []
            for host in 0..<count {
                let dataset = try channel("set", host, of: count).openDataset()
                #expect(dataset.classNames == ["eel", "cat", "dog"])
                let own = stride(from: host, to: names.count, by: count).map { names[$0] }
                let found = try texts(.dataset(dataset))
                #expect(Set(found) == Set(own) && found.count == own.count, "host \(host) of \(count)")
                for (index, text) in found.enumerated() {
                    #expect(dataset.labels[index] == .single(text.hasPrefix("eel") ? 0 : text.hasPrefix("cat") ? 1 : 2))
                }
                all += found
            }
            #expect(all.sorted() == names.sorted())
        }
        #expect(message { _ = try channel("set", 15, of: 16).open() }.contains("host 15 of 16 has none of its 15 objects"))
    }

    @Test("A list's lines follow their images; images that no line names are shared, too; an image that nobody has is an error")
    func list() throws {
        let names = (0..<9).map { "i\($0).jpg" }
        for name in names { try folder.write(picture(name), to: "images/" + name) }
        // Image 4 is not on the list, image 0 twice.
        let lines = [8, 0, 1, 2, 3, 5, 6, 7, 0].enumerated().map { "\($0.offset)\t\($0.element % 2)\ti\($0.element).jpg\n" }
        try folder.write(lines.joined(), to: "lists/train.lst")
        func open(_ host: Int, _ count: Int) throws -> [String] {
            var channel = try channel("images", host, of: count)
            channel.list = folder.path + "/lists/train.lst"
            return try texts(channel.open())
        }
        #expect(try open(0, 3) == ["i0.jpg", "i3.jpg", "i6.jpg", "i0.jpg"])
        #expect(try open(1, 3) == ["i1.jpg", "i7.jpg"])
        #expect(try open(2, 3) == ["i8.jpg", "i2.jpg", "i5.jpg"])
        #expect(message { _ = try open(4, 9) }.contains("of its 9 records none belongs to the objects of host 4 of 9"))
        try folder.write(lines.joined() + "9\t0\tnowhere.jpg\n", to: "lists/train.lst")
        #expect(message { _ = try open(0, 3) }.contains("the image 'nowhere.jpg' is not in"))
    }

    @Test("An augmented manifest's lines are its objects", arguments: [InputMode.file, .pipe])
    func manifest(mode: InputMode) throws {
        for number in 0..<5 { try folder.write(picture("\(number)"), to: "m/\(number).jpg") }
        try folder.write((0..<5).map { "{\"source-ref\":\"\($0).jpg\",\"class\":0}\n" }.joined(), to: "m/train.manifest")
        for host in 0..<2 {
            var channel = try channel("m/train.manifest", host, of: 2, mode)
            channel.classCount = 1
            #expect(try texts(channel.open()) == stride(from: host, to: 5, by: 2).map { "\($0)" })
        }
    }

    @Test("A pipe, and formats that are no files of images, can't be shared by object")
    func refusals() throws {
        var pipe = try channel("pipes/train", 0, of: 2, .pipe)
        pipe.classCount = 2
        #expect(message { _ = try pipe.open() }.contains("pipes/train: a pipe's objects can't be told apart; share by record"))
        try folder.write([UInt8](repeating: 0, count: 3073 * 2), to: "cifar/data_batch_1.bin")
        #expect(message { _ = try channel("cifar", 0, of: 2).open() }.contains("is no set of objects that hosts could share"))
    }
}
