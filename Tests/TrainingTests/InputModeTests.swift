import Datasets
import Foundation
import Storage
import Testing

@testable import Training

@Suite("The same run over every form of the same data", .serialized)
struct InputModeTests {
    private static let server = Result { try S3Server() }

    private func losses(_ change: (inout ClassificationChannel) -> Void) throws -> [Double] { try ChannelRun.train(change).losses }

    @Test("Folders, a list, RecordIO, a manifest, streams of the last two, and their pipes: identical losses")
    func local() throws {
        let forms = try Forms()
        defer { forms.remove() }
        let truth = try losses { $0.location = forms.folder + "/pictures" }
        #expect(truth.count == 12 && Set(truth).count == 12)
        #expect(try losses { $0.location = forms.folder + "/list" } == truth)
        #expect(try losses { $0.location = forms.folder + "/record" } == truth)
        #expect(try losses { $0.location = forms.folder + "/manifest/train.manifest" } == truth)
        for form in ["record", "manifest"] {
            #expect(
                try losses {
                    $0.location = "\(forms.folder)/\(form)"
                    $0.mode = .pipe
                } == truth, "\(form) as a stream")
            let source = try SequentialChannel(.file("\(forms.folder)/\(form)"), channel: "train", stores: Stores())
            let feeder = PipeFeeder(folder: forms.folder, channel: "pipe-\(form)", patience: PipePatience(seconds: 20))
            Thread.detachNewThread {
                for number in 0..<3 { _ = try? feeder.feed(number: number) { try source.write(to: $0) } }
            }
            #expect(
                try losses {
                    $0.location = "\(forms.folder)/pipe-\(form)"
                    $0.mode = .pipe
                    if form == "manifest" { $0.attributeNames = ["source-ref", "class"] }
                } == truth, "\(form) through a pipe")
        }
    }

    @Test(
        "A manifest, RecordIO and folders in a bucket, in every input mode, with faults on the way: identical losses",
        .enabled(if: S3Server.isInstalled, "Tests/Servers/setup.sh installs the server"))
    func bucket() throws {
        let forms = try Forms()
        defer { forms.remove() }
        let truth = try losses { $0.location = forms.folder + "/pictures" }
        let server = try Self.server.get()
        try server.plan("{}")
        try forms.upload(to: server.store())
        try server.plan(#"{"slow_down": 7, "error": 11, "reset": 13, "cut": 5}"#)
        let stores = Stores(environment: server.environment, retries: RetryPolicy(patience: 30, base: 0.01, cap: 0.1))
        let cases: [(String, InputMode)] = [
            ("manifest/train.manifest", .fastFile), ("manifest/train.manifest", .pipe), ("record/train.rec", .pipe),
            ("record", .fastFile), ("pictures", .fastFile), ("list", .fastFile),
        ]
        for (path, mode) in cases {
            let found = try losses {
                $0.stores = stores
                $0.location = "s3://bucket/" + path
                $0.mode = mode
            }
            #expect(found == truth, "\(path) as \(mode)")
        }
        for fault in ["slow_down", "error", "reset", "cut"] { #expect(try server.happened(fault) > 0) }
    }

    @Test(
        "A server that is killed in the middle of an epoch and comes back, with faults before and after: every image once, identical losses",
        .enabled(if: S3Server.isInstalled, "Tests/Servers/setup.sh installs the server"))
    func restart() throws {
        // 4 MB: RecordIO takes several requests an epoch.
        let forms = try Forms(padding: 80_000)
        defer { forms.remove() }
        let truth = try ChannelRun.train(batchSize: 8) { $0.location = forms.folder + "/pictures" }
        #expect(truth.images == [48, 48, 48])
        let server = try Self.server.get()
        try server.plan("{}")
        try forms.upload(to: server.store())
        let stores = Stores(environment: server.environment, retries: RetryPolicy(patience: 60, base: 0.01, cap: 0.1))
        let cases: [(path: String, mode: InputMode, body: Int)] = [
            ("record/train.rec", .pipe, 5), ("manifest/train.manifest", .pipe, 70), ("manifest/train.manifest", .fastFile, 70),
        ]
        for (number, channel) in cases.enumerated() {
            try server.die(
                inBody: channel.body, faults: #""slow_down": 5, "error": 7, "reset": 9, "cut": 3"#, comeBackAfter: 0.3)
            let found = try ChannelRun.train(batchSize: 8) {
                $0.stores = stores
                $0.location = "s3://bucket/" + channel.path
                $0.mode = channel.mode
            }
            #expect(found == truth, "\(channel.path) as \(channel.mode)")
            #expect(server.timesDied == number + 1, "\(channel.path) as \(channel.mode)")
            #expect(try server.happened("cut") > 0)
        }
    }

    @Test(
        "A copy of a bucket follows it: another content of the same size is fetched, and nothing else twice",
        .enabled(if: S3Server.isInstalled, "Tests/Servers/setup.sh installs the server"))
    func changed() throws {
        let folder = NSTemporaryDirectory() + "copy-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let server = try Self.server.get()
        try server.plan("{}")
        let store = try server.store(prefix: "changing")
        for (name, text) in [("train.lst", "0\t1\ta.png\n"), ("a.png", "one")] { try store.write([UInt8](text.utf8), to: name) }
        let copy = ChannelCopy(Stores(environment: server.environment), folder: folder)
        let place = try copy.copy(Location("s3://bucket/changing"))
        let stamp = try FileManager.default.attributesOfItem(atPath: place + "/a.png")[.modificationDate] as? Date
        try store.write([UInt8]("0\t0\ta.png\n".utf8), to: "train.lst")
        try "gone from the bucket".write(toFile: place + "/b.png", atomically: false, encoding: .utf8)
        #expect(try copy.copy(Location("s3://bucket/changing")) == place)
        #expect(try String(contentsOfFile: place + "/train.lst", encoding: .utf8) == "0\t0\ta.png\n")
        #expect(try FileManager.default.attributesOfItem(atPath: place + "/a.png")[.modificationDate] as? Date == stamp)
        #expect(!FileManager.default.fileExists(atPath: place + "/b.png"))
    }

    @Test(
        "Hosts that share a bucket's objects copy or read their own, and together all of them",
        .enabled(if: S3Server.isInstalled, "Tests/Servers/setup.sh installs the server"), arguments: ["pictures", "list", "parts"])
    func objects(form: String) throws {
        let forms = try Forms()
        defer { forms.remove() }
        let server = try Self.server.get()
        try server.plan("{}")
        try forms.upload(to: server.store(prefix: "shared"))
        for mode in [InputMode.file, .fastFile] where form != "parts" || mode == .file {
            var all: [[UInt8]] = []
            for host in 0..<3 {
                var channel = ClassificationChannel("s3://bucket/shared/\(form)", stores: Stores(environment: server.environment))
                channel.mode = mode
                channel.shard = try RecordShard(host: host, of: 3)
                channel.shardUnit = .object
                channel.copyFolder = "\(forms.folder)/copy-\(mode)-\(host)"
                let dataset = try channel.openDataset()
                #expect(dataset.classNames == ["across", "down"])
                all += try (0..<dataset.count).map { try dataset.record(at: $0).payload.encodedBytes() }
                guard mode == .file else { continue }
                let copied = try FileManager.default.subpathsOfDirectory(atPath: "\(forms.folder)/copy-\(mode)-\(host)")
                #expect(copied.filter { $0.hasSuffix(".png") || $0.hasSuffix(".rec") }.count == (form == "parts" ? 1 : 16))
            }
            let whole = try forms.pictures()
            #expect(all.count == 48 && Set(all) == whole, "\(form) as \(mode)")
        }
    }
}
