import Storage
import Testing

@testable import Datasets

@Suite("Reading manifests in pieces")
struct ManifestScanTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func scan(_ text: [UInt8], _ format: AugmentedManifest.LabelFormat = .multiHot) throws -> ManifestScan {
        try folder.write(text, to: "m.jsonl")
        let manifest = try AugmentedManifest(
            task: .classification, attributeNames: ["source-ref", "class"], labelFormat: format, classCount: format == .classID ? 12 : nil)
        let references = ManifestReferences(manifest: "m.jsonl", in: folder.store, open: folder.buckets)
        return ManifestScan(
            file: try LocalFile(folder.path + "/m.jsonl"), line: ManifestLine(manifest, file: "m.jsonl", references: references),
            wishes: [.labels, .classNames])
    }

    /// Lines of every kind that training takes, in no order.
    private func lines(_ count: Int, _ random: inout SeededGenerator) -> [String] {
        let references = ["a.jpg", "s3://one/a.jpg", "s3://two/b/c.png", "file:///x.jpg", "d:e.jpg", "ö.jpg", "b\\u0061r.jpg"]
        return (0..<count).map { _ in
            let label = Int.random(in: 0..<12, using: &random)
            let written = ["\(label)", "\"\(label)\"", "\(label).0", "\(label)e0"].randomElement(using: &random) ?? ""
            let name = ["class \(label)", "class \(label)", "class \(label)", "kla\\u0073 \(label)"].randomElement(using: &random) ?? ""
            let metadata = [
                "", ",\"class-metadata\":{\"class-name\":\"\(name)\",\"confidence\":0.5}", ",\"class-metadata\":7",
                ", \"class-metadata\" : { \"type\": [1, {}], \"class-name\":\"\(name)\"}",
                ",\"class-metadata\":{\"class-map\":{\"\(label)\":\"\(name)\",\"11\":\"last\"}}",
                ",\"class-metadata\":{\"class-name\":\"x\"},\"class-metadata\":{\"class-name\":\"\(name)\"}",
            ].randomElement(using: &random)
            let line = "{\"source-ref\":\"\(references.randomElement(using: &random) ?? "")\",\"class\":\(written)\(metadata ?? "")}"
            return line + (["\n", "\n", "\r\n", "\n \n\n", "\n\t\r\n"].randomElement(using: &random) ?? "\n")
        }
    }

    @Test("However a manifest is cut into pieces, lines, labels and names are those of reading it line by line")
    func pieces() throws {
        var random = SeededGenerator(state: 11)
        for round in 0..<12 {
            var text = Array(lines(60, &random).joined().utf8)
            if round % 3 == 0 { text = [0xEF, 0xBB, 0xBF] + text }
            if round % 2 == 0 { text.removeLast() }
            let scan = try scan(text)
            let whole = try scan.run()
            #expect(whole.broken == nil)
            let stream = try ManifestStream("m.jsonl", in: folder.store, as: scan.line.manifest, opening: folder.buckets)
            for record in 0..<whole.index.count {
                let next = try #require(try stream.next())
                #expect(next.label == whole.labels[record])
                #expect(next.place.hasSuffix("m.jsonl:\(whole.index.place(of: record).line)"))
            }
            #expect(try stream.next() == nil)
            #expect(whole.names.list(classCount: 12) == stream.names.list(classCount: 12))
            for bytes in [1, 7, 100, 1000, text.count - 1, text.count] {
                let found = try scan.run(pieceBytes: bytes)
                #expect(found.labels == whole.labels)
                #expect(found.names.list(classCount: nil) == whole.names.list(classCount: nil))
                #expect(found.names.warnings == whole.names.warnings)
                #expect((found.index.count, found.index.lines) == (whole.index.count, whole.index.lines))
                for record in 0..<whole.index.count { #expect(found.index.place(of: record) == whole.index.place(of: record)) }
            }
        }
    }

    @Test("What the quick reader takes, the thorough one reads alike; what is broken it leaves alone")
    func quick() throws {
        var random = SeededGenerator(state: 5)
        let line = try scan(Array("{}".utf8)).line
        var taken = 0
        for text in lines(300, &random) {
            var quick = ManifestQuickLine(line)
            for damage in 0..<20 {
                var bytes = Array(text.utf8)
                for _ in 0..<(damage == 0 ? 0 : Int.random(in: 1...3, using: &random)) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                bytes.withUnsafeBufferPointer { bytes in
                    if damage == 0, (try? line.record(bytes, number: 1)) != nil { quick.learn(from: bytes) }
                    guard let found = quick.read(bytes) else { return }
                    taken += 1
                    #expect((try? line.record(bytes, number: 1).label) == .single(found.label))
                    var (few, all) = (ManifestClassNames(), ManifestClassNames())
                    if let name = found.name { few.name(found.label, name, in: bytes, line: 1) }
                    if let ranges = try? line.ranges(in: bytes), let metadata = ranges.metadata {
                        all.add(UnsafeBufferPointer(rebasing: bytes[metadata]), class: found.label, line: 1)
                    }
                    #expect(few.list(classCount: 12) == all.list(classCount: 12))
                }
            }
        }
        #expect(taken > 200)
    }

    @Test("The first broken line is found in any piece, and is the error of whoever wants labels")
    func broken() throws {
        let good = "{\"source-ref\":\"a.jpg\",\"class\":1}\n"
        let text = String(repeating: good, count: 50) + "{\"source-ref\":\"a.jpg\"}\n" + good + "{\n" + good
        let scan = try scan(Array(text.utf8))
        for bytes in [1, 40, 500, 1 << 20] { #expect(try scan.run(pieceBytes: bytes).broken == 50) }
        let images = try ManifestImages("m.jsonl", in: folder.store, as: scan.line.manifest, readsLabels: true)
        #expect(message { _ = try images.labels() }.contains("m.jsonl:51: the attribute 'class' is missing"))
        let later = try ManifestImages("m.jsonl", in: folder.store, as: scan.line.manifest)
        #expect(message { _ = try later.labels() } == message { _ = try images.labels() })
    }

    @Test("Class ids are vectors of the classes that the whole manifest has")
    func classIDs() throws {
        try folder.write(
            "{\"image-ref\":\"a.jpg\",\"class\":[0]}\n{\"image-ref\":\"a.jpg\",\"class\":\"[1, 3]\"}\n", to: "m.jsonl")
        let manifest = try AugmentedManifest(task: .classification, attributeNames: ["image-ref", "class"], labelFormat: .classID)
        let images = try ManifestImages("m.jsonl", in: folder.store, as: manifest, readsLabels: true)
        #expect(try images.labels() == [.multi([1, 0, 0, 0]), .multi([0, 1, 0, 1])])
    }

    @Test("A class that only the last line has counts, named or not")
    func lastClass() throws {
        let named = "{\"source-ref\":\"a.jpg\",\"class\":0,\"class-metadata\":{\"class-name\":\"cat\"}}\n"
        try folder.write(String(repeating: named, count: 100) + "{\"source-ref\":\"a.jpg\",\"class\":2}", to: "m.jsonl")
        var channel = ClassificationChannel(folder.path + "/m.jsonl")
        channel.mode = .file
        let data = try channel.openDataset()
        #expect(data.classNames == ["cat", "1", "2"])
        #expect(data.histogram == [100, 0, 1])
    }
}
