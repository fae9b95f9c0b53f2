import Foundation
import Imaging
import Networks
import Testing
import Weights

extension Acceptance {
    @Suite("Serving")
    struct ServeTests {
        /// A model folder with drawn weights, as `model`, and six pictures in `photos`.
        private static func prepare() throws -> Workspace {
            let place = try Workspace()
            let architecture = try ClassificationArchitecture(depth: 20, classes: 4)
            let description = ModelDescription(
                task: "classification", network: architecture.name, classes: Workspace.classes,
                preprocessing: PreprocessingDescription(channels: 3, height: 32, width: 32))
            try ModelFolder.write(description, weights: architecture.makeNetwork().weightArrays(), to: place.path + "/model")
            for index in 0..<6 {
                let image = try Image(width: 40, height: 36, filledWith: [UInt8(40 * index), 90, UInt8(200 - 30 * index)])
                try place.write(image.encodedJPEG(), to: "photos/\(index).jpg")
            }
            return place
        }

        /// What curl, which every user has, gets: the status and the body.
        private static func curl(_ arguments: [String]) throws -> (status: String, body: String) {
            let process = Process(), pipe = Pipe()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["curl", "-s", "-w", "\n%{http_code}"] + arguments
            process.standardOutput = pipe
            try process.run()
            let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            return (String(lines.last ?? ""), lines.dropLast().joined(separator: "\n"))
        }

        @Test(
            "A server says where it listens, answers as predict does, logs as JSON, and leaves with 0 at SIGTERM and at Ctrl-C",
            arguments: [SIGTERM, SIGINT])
        func serve(signal: Int32) throws {
            let place = try Self.prepare()
            let running = try Command.start(["serve", "model", "--port", "0", "--precision", "float32"], in: place.path)
            defer { running.kill(SIGKILL) }
            try running.wait(
                until: { $0.errors.contains("\"ready\"") && $0.errors.contains("\"listening\"") }, "a line that says it is ready")
            let port = try #require(try /127\.0\.0\.1:(\d+)/.firstMatch(in: running.errors)?.1)
            #expect(try Self.curl(["http://127.0.0.1:\(port)/ping"]).status == "200")
            let answer = try Self.curl([
                "--data-binary", "@\(place.path)/photos/3.jpg", "-H", "Content-Type: image/jpeg", "http://127.0.0.1:\(port)/invocations",
            ])
            let found = try #require(JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [Double])
            let predicted = try Command.run(["predict", "model", "photos/3.jpg", "--json"], in: place.path)
            let truth = try #require(try predicted.objects().first?["prediction"] as? [Double])
            #expect(answer.status == "200" && found.count == 4)
            for (a, b) in zip(found, truth) { #expect(abs(a - b) < 1e-5) }
            running.kill(signal)
            let result = running.wait()
            #expect(result.status == 0 && result.output.isEmpty)
            let lines = try result.errors.split(separator: "\n").map { line in
                try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            }
            #expect(lines.last?["message"] as? String == "stopped")
            #expect(lines.contains { $0["path"] as? String == "/invocations" && $0["status"] as? Int == 200 })
        }

        @Test("What can't be served is told with the setting's or the file's name")
        func refusals() throws {
            let place = try Self.prepare()
            for (arguments, status, word) in [
                (["serve"], 2, "--model-root"), (["serve", "model", "--max-queue", "0"], 2, "--max-queue"),
                (["serve", "model", "--tls-key", "x"], 2, "--tls-certificate"), (["serve", "model", "--token-file", "none"], 2, "none"),
                (["serve", "nowhere", "--port", "0"], 1, "nowhere"), (["serve", "model", "model", "--port", "0"], 1, "NAME=PATH"),
                (["serve", "model", "--host", "192.0.2.1", "--port", "0"], 1, "192.0.2.1"),
                (["transform", "model", "--input", "none", "--output", "out"], 1, "none"),
                (["transform", "model", "--input", "photos", "--output", "out", "--accept", "image/png"], 1, "image/png"),
                (["transform", "model", "--input", "photos", "--output", "out", "--shard", "2/2"], 2, "--shard"),
            ] {
                let result = try Command.run(arguments, in: place.path)
                #expect(result.status == Int32(status), "\(arguments): \(result.status)")
                #expect(result.errors.contains("sightline: error: ") && result.errors.contains(word), "\(arguments): \(result.errors)")
            }
        }

        @Test("A transform tells what it wrote and what failed, leaves with 1 where something did, and goes on from there")
        func transform() throws {
            let place = try Self.prepare()
            try place.write(Array("no picture".utf8), to: "photos/broken.jpg")
            let arguments = ["transform", "model", "--input", "photos", "--output", "answers", "--json"]
            let first = try Command.run(arguments, in: place.path)
            #expect(first.status == 1 && first.errors.contains("photos/broken.jpg"))
            let report = try #require(try first.objects().first)
            #expect(report["written"] as? Int == 6 && (report["failures"] as? [[String: String]])?.count == 1)
            #expect(try place.text("answers/2.jpg.out").hasPrefix("{\"prediction\": ["))
            #expect(!place.exists("answers/broken.jpg.out"))
            try place.write(place.bytes("photos/2.jpg"), to: "photos/broken.jpg")
            let second = try Command.run(arguments, in: place.path)
            #expect(second.status == 0, "\(second.errors)")
            #expect(try second.objects().first?["skipped"] as? Int == 6)
            #expect(try place.bytes("answers/broken.jpg.out") == place.bytes("answers/2.jpg.out"))
        }
    }
}
