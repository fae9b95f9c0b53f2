import Datasets
import Foundation
import Storage
import Synchronization
import Tasks
import Testing
import Torch

@testable import Serving

extension Serving {
    @Suite("Batch transform")
    struct TransformTests {
        private static func run(
            _ model: String, _ input: String, _ output: String, stores: Stores = Stores(),
            _ change: (inout BatchTransform.Settings) -> Void = { _ in },
            shouldStop: @escaping @Sendable () -> Bool = { false }
        ) async throws -> BatchTransform.Report {
            var server = ServerSettings()
            (server.precision, server.batchLimit, server.payloadLimit) = (.float32, 4, 1 << 20)
            server.models = [.init(name: "model", path: model)]
            var settings = BatchTransform.Settings(input: try Location(input), output: try Location(output))
            change(&settings)
            return try await BatchTransform(settings, server: server, stores: stores).run(shouldStop: shouldStop)
        }

        @Test("A place is one whatever its path: answers among the pictures or below them are never taken for pictures")
        func places() async throws {
            let place = try Place(), model = try Models.classifier()
            let store = LocalStore(place.path + "/in")
            for index in 0..<2 { try store.write(Pictures.jpeg(index), to: "\(index).jpg") }
            for (input, output) in [
                (place.path + "/in/", place.path + "/in/../in/out"), (place.path + "/in", place.path + "/in/"),
                (place.path + "/./in", place.path + "/in"),
            ] {
                for again in [false, true] {
                    let report = try await Self.run(model, input, output) { $0.overwrites = !again }
                    #expect(report.failures.isEmpty, "\(input) to \(output)")
                    #expect(report.written == (again ? 0 : 2) && report.skipped == (again ? 2 : 0), "\(input) to \(output): \(report)")
                }
                if output.hasSuffix("out") { try FileManager.default.removeItem(atPath: place.path + "/in/out") }
            }
        }

        @Test("Another model's answers, or those of another form, are not taken for this one's")
        func others() async throws {
            let place = try Place(), model = try Models.classifier()
            let other = try Models.classifier(["x", "y"], seed: 2, name: "other")
            let (input, output) = (place.path + "/in", place.path + "/out")
            for index in 0..<2 { try LocalStore(input).write(Pictures.jpeg(index), to: "\(index).jpg") }
            #expect(try await Self.run(model, input, output).written == 2)
            #expect(try await Self.run(model, input, output).skipped == 2)
            for (model, accept, word) in [(other, nil, "another model"), (model, "application/json;verbose=true", "another form")] {
                do {
                    _ = try await Self.run(model, input, output) { $0.accept = accept }
                    Issue.record("\(word) was accepted")
                } catch {
                    #expect("\(error)".contains(word) && "\(error)".contains("--overwrite"))
                }
            }
            #expect(try await Self.run(other, input, output) { $0.overwrites = true }.written == 2)
            #expect(try await Self.run(other, input, output).skipped == 2)
        }

        @Test("Each object gets its answer under its name with .out behind it; what fails is named, stops nobody and leaves nothing")
        func folder() async throws {
            let place = try Place(), model = try Models.classifier()
            let store = LocalStore(place.path + "/in")
            let pictures = try (0..<10).map { try Pictures.jpeg($0) }
            for (index, picture) in pictures.enumerated() { try store.write(picture, to: index < 5 ? "\(index).jpg" : "deep/\(index).jpg") }
            try store.write(Array(pictures[0].prefix(400)), to: "cut.jpg")
            try store.write(Array("notes".utf8), to: "deep/notes.txt")
            try store.write([UInt8](repeating: 0, count: 1 << 20 + 1), to: "large.jpg")
            let report = try await Self.run(model, store.place, place.path + "/out")
            #expect(report.objects == 13 && report.written == 10 && report.skipped == 0)
            #expect(report.failures.map { ($0.object as NSString).lastPathComponent } == ["cut.jpg", "notes.txt", "large.jpg"])
            #expect(report.failures[0].reason.contains("cut.jpg") && report.failures[2].reason.contains("--max-payload"))
            let answers = LocalStore(place.path + "/out")
            #expect(try answers.list().count == 10)
            let predictor = try ClassificationPredictor(model, device: .cpu)
            for (index, picture) in pictures.enumerated() {
                let text = String(decoding: try answers.bytes(of: index < 5 ? "\(index).jpg.out" : "deep/\(index).jpg.out"), as: UTF8.self)
                let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [Double]])
                let truth = try predictor.predict(.encoded(picture), named: "picture").probabilities
                for (a, b) in zip(object["prediction"] ?? [], truth) { #expect(abs(a - Double(b)) < 1e-4) }
                #expect(text.hasSuffix("}\n") && object["prediction"]?.count == 4)
            }
        }

        @Test("The same call goes on where one was stopped; answers among the pictures are no pictures")
        func resume() async throws {
            let place = try Place(), model = try Models.classifier()
            let store = LocalStore(place.path + "/in")
            for index in 0..<40 { try store.write(Pictures.png(index), to: "\(index).png") }
            let asked = Atomic<Int>(0)
            let first = try await Self.run(model, store.place, store.place, shouldStop: { asked.add(1, ordering: .relaxed).newValue > 10 })
            #expect(first.isStopped && first.written == 10 && first.failures.isEmpty)
            // An answer that is there stays as it is.
            let kept = try #require(try store.list().first { $0.name.hasSuffix(".out") })
            try store.write([1], to: kept.name)
            let second = try await Self.run(model, store.place, store.place)
            #expect(!second.isStopped && second.written == 30 && second.skipped == 10 && second.objects == 40)
            #expect(try store.bytes(of: kept.name) == [1])
            let third = try await Self.run(model, store.place, store.place) { $0.overwrites = true }
            #expect(third.written == 40 && third.skipped == 0)
            #expect(try store.bytes(of: kept.name) != [1])
            #expect(try store.list().count == 80)
        }

        @Test("Shares cover all objects once")
        func shares() async throws {
            let place = try Place(), model = try Models.classifier()
            let store = LocalStore(place.path + "/in")
            for index in 0..<7 { try store.write(Pictures.png(index), to: "\(index).png") }
            var written = 0
            for host in 0..<3 {
                let share = try RecordShard(host: host, of: 3)
                // The answers lie below the pictures, and are none.
                written += try await Self.run(model, store.place, store.place + "/out") { $0.shard = share }.written
            }
            #expect(written == 7)
            #expect(try LocalStore(store.place + "/out").list().map(\.name) == (0..<7).map { "\($0).png.out" })
        }

        @Test("Masks are PNG files; a form that the model has not is refused before anything is read")
        func forms() async throws {
            let place = try Place(), model = try Models.segmenter()
            let store = LocalStore(place.path + "/in")
            try store.write(Pictures.png(1), to: "a.png")
            _ = try await Self.run(model, store.place, place.path + "/out")
            #expect(try LocalStore(place.path + "/out").bytes(of: "a.png.out").starts(with: [0x89, 0x50]))
            await #expect { try await Self.run(model, store.place, place.path + "/out") { $0.accept = "application/json" } } throws: {
                "\($0)".contains("application/x-recordio-protobuf")
            }
            await #expect { try await Self.run(model, place.path + "/none", place.path + "/out") } throws: { "\($0)".contains("none") }
        }

        @Test("From bucket to bucket", .enabled(if: S3Server.isInstalled, "Tests/Servers/setup.sh installs the server"))
        func bucket() async throws {
            let server = try S3Server()
            let store = try server.store(prefix: "in")
            for index in 0..<12 { try store.write(Pictures.jpeg(index), to: "part/\(index).jpg") }
            let stores = Stores(environment: server.environment)
            let report = try await Self.run(Models.classifier(), "s3://bucket/in", "s3://bucket/out/here", stores: stores)
            #expect(report.written == 12 && report.failures.isEmpty)
            #expect(try server.store(prefix: "out/here").list().count == 12)
            let again = try await Self.run(Models.classifier(), "s3://bucket/in", "s3://bucket/out/here", stores: stores)
            #expect(again.written == 0 && again.skipped == 12)
        }
    }
}
