import Foundation
import Glibc
import Testing

extension Acceptance {
    /// Several processes that train one model.
    @Suite("Training with several processes")
    struct RanksTests {
        /// The processes of a test share two cores.
        private static let environment = ["OMP_NUM_THREADS": "1"]

        private static func classification(_ output: String, _ more: [String] = []) -> [String] {
            [
                "train", "classification", "--train", "data", "--validation", "data", "--output", output, "-p", "num_layers=20", "-p",
                "image_shape=1,28,28", "-p", "epochs=2", "-p", "mini_batch_size=32", "-p", "learning_rate=0.0002", "-p",
                "precision_dtype=float32", "--sync-batch-norm", "--json",
            ] + more
        }

        private static func segmentation(_ output: String, _ more: [String] = []) -> [String] {
            [
                "train", "segmentation", "--train", "data", "--validation", "data", "--output", output, "-p", "backbone=resnet-18", "-p",
                "use_pretrained_model=False", "-p", "algorithm=deeplab", "-p", "num_classes=3", "-p", "crop_size=32", "-p", "base_size=48",
                "-p", "epochs=2", "-p", "mini_batch_size=4", "-p", "learning_rate=0.0002", "-p", "precision_dtype=float32", "-p",
                "syncbn=True", "--json",
            ] + more
        }

        private static func detection(_ output: String, _ more: [String] = []) -> [String] {
            [
                "train", "detection", "--train", "data", "--validation", "data", "--output", output, "-p", "base_network=resnet-18", "-p",
                "use_pretrained_model=0", "-p", "epochs=2", "-p", "mini_batch_size=6", "-p", "learning_rate=0.000002", "-p",
                "precision_dtype=float32", "--sync-batch-norm", "--json",
            ] + more
        }

        private func digits() throws -> Workspace {
            let place = try Workspace()
            try place.writeIDX("train", count: 64, in: "data")
            try place.writeIDX("t10k", count: 21, in: "data")
            return place
        }

        /// The figures of each epoch by name, such as `train loss`.
        private func figures(_ result: Command.Result) throws -> [[String: Double]] {
            try #require(result.status == 0, "\(result.errors)")
            return try result.objects().filter { $0["event"] as? String == "epoch" }.map { epoch in
                var figures: [String: Double] = [:]
                for half in ["train", "validation"] {
                    for (name, value) in epoch[half] as? [String: Double] ?? [:] { figures["\(half) \(name)"] = value }
                }
                return figures
            }
        }

        /// Training losses to 1e-5, figures of validation to `tolerance`.
        private func expectSame(_ alone: Command.Result, _ shared: Command.Result, tolerance: Double) throws {
            let (expected, found) = (try figures(alone), try figures(shared))
            #expect(expected.count == found.count && !expected.isEmpty)
            for (expected, found) in zip(expected, found) {
                #expect(expected.keys.sorted() == found.keys.sorted())
                for (name, value) in expected {
                    let bound = name.hasPrefix("train") ? 1e-5 : tolerance
                    let other = try #require(found[name])
                    #expect(abs(other - value) <= bound * max(1, abs(value)), "\(name): \(value) alone, \(other) shared")
                }
            }
        }

        @Test(
            "With a common mini-batch and common batch statistics the losses are those of one process",
            arguments: ["2", "4"])
        func classification(_ processes: String) throws {
            let place = try digits()
            let alone = try Command.run(Self.classification("alone"), in: place.path, environment: Self.environment)
            let shared = try Command.run(
                Self.classification("shared", ["--processes", processes]), in: place.path, environment: Self.environment)
            try expectSame(alone, shared, tolerance: 1e-3)
            let start = try #require(try shared.objects().first)
            #expect(start["images"] as? Int == 64 && start["steps_per_epoch"] as? Int == 2)
            // One model, written once, of the same names.
            #expect(try place.text("shared/results.csv").split(separator: "\n").count == 3)
            #expect(place.exists("shared/model/model.safetensors") && place.exists("shared/README.md"))
        }

        @Test("The same of segmentation, whose dropout drops what one process would drop, and whose counts are the whole set's")
        func segmentation() throws {
            let place = try Workspace()
            try place.writeMasks("train", count: 12, in: "data")
            try place.writeMasks("validation", count: 5, in: "data")
            let alone = try Command.run(Self.segmentation("alone"), in: place.path, environment: Self.environment)
            let shared = try Command.run(Self.segmentation("shared", ["--processes", "2"]), in: place.path, environment: Self.environment)
            try expectSame(alone, shared, tolerance: 2e-3)
        }

        @Test("The same of detection, whose loss is a mean over objects that the processes do not have equally many of")
        func detection() throws {
            let place = try Workspace()
            let shapes = (0..<6).map { index in
                (0...(index % 3)).map { Workspace.Object(classID: $0 % 2, left: 4 + 9 * $0, top: 8 + $0, width: 20, height: 24) }
            }
            try place.writeShapes("data", channel: "train", shapes)
            try place.writeShapes("data", channel: "validation", Array(shapes.prefix(3)))
            let alone = try Command.run(Self.detection("alone"), in: place.path, environment: Self.environment)
            let shared = try Command.run(Self.detection("shared", ["--processes", "2"]), in: place.path, environment: Self.environment)
            try expectSame(alone, shared, tolerance: 2e-3)
        }

        @Test("A mini-batch in turns, without other processes, is the mini-batch at once where statistics do not depend on it")
        func turns() throws {
            let place = try Workspace()
            let shapes = (0..<4).map { [Workspace.Object(classID: $0 % 2, left: 8 + $0, top: 10, width: 30, height: 24)] }
            try place.writeShapes("data", channel: "train", shapes)
            try place.writeShapes("data", channel: "validation", Array(shapes.prefix(1)))
            // VGG-16 has no batch normalisation.
            let vgg = ["-p", "base_network=vgg-16", "-p", "mini_batch_size=4"]
            let whole = try Command.run(Self.detection("whole", vgg), in: place.path)
            let turns = try Command.run(Self.detection("turns", vgg + ["--accumulate", "4"]), in: place.path)
            try expectSame(whole, turns, tolerance: 1e-4)
        }

        @Test("Ctrl-C stops all at one step, and another number of processes goes on from there")
        func resumed() throws {
            let place = try digits()
            let more = ["-p", "epochs=40"]
            let running = try Command.start(
                Self.classification("run", more + ["--processes", "2"]), in: place.path, environment: Self.environment)
            try running.wait(until: { $0.output.contains("\"event\": \"epoch\"") }, "the first epoch")
            running.kill(SIGINT)
            let stopped = running.wait()
            #expect(stopped.status == 1 && stopped.errors.contains("--resume"), "\(stopped.errors)")
            let done = try figures(Command.Result(status: 0, output: stopped.output, errors: "")).count
            try #require(done < 40)

            let more2 = ["-p", "epochs=\(done + 2)", "--resume"]
            let resumed = try Command.run(
                Self.classification("run", more2 + ["--processes", "4"]), in: place.path, environment: Self.environment)
            try #require(resumed.status == 0, "\(resumed.errors)")
            let alone = try Command.run(
                Self.classification("alone", ["-p", "epochs=\(done + 2)"]), in: place.path, environment: Self.environment)
            let losses = try [place.text("run/results.csv"), place.text("alone/results.csv")].map { text in
                text.split(separator: "\n").dropFirst().compactMap { Double($0.split(separator: ",")[1]) }
            }
            try #require(alone.status == 0 && losses[0].count == done + 2 && losses[1].count == done + 2, "\(alone.errors)")
            for (found, expected) in zip(losses[0], losses[1]) { #expect(abs(found - expected) < 1e-3 * max(1, expected)) }

            let one = try Command.run(Self.classification("run", ["-p", "epochs=\(done + 3)", "--resume"]), in: place.path)
            #expect(one.status == 0, "\(one.errors)")
        }

        @Test("A process that is killed in the middle of an epoch ends the job with a message that names it, and another number goes on")
        func killed() throws {
            let place = try Workspace()
            try place.writeIDX("train", count: 240, in: "data")
            try place.writeIDX("t10k", count: 21, in: "data")
            // Saved behind each of 60 steps.
            let job = ["-p", "epochs=1", "-p", "mini_batch_size=4", "--checkpoint-minutes", "0.00001"]
            let running = try Command.start(
                Self.classification("run", job + ["--processes", "2"]), in: place.path, environment: Self.environment)
            try running.wait(
                until: { _ in FileManager.default.fileExists(atPath: place.path + "/run/checkpoint.safetensors") }, "a checkpoint")
            let children = try String(
                contentsOfFile: "/proc/\(running.process.processIdentifier)/task/\(running.process.processIdentifier)/children",
                encoding: .utf8
            ).split(separator: " ").compactMap { Int32($0) }
            try #require(children.count == 2)
            kill(children[1], SIGKILL)
            let ended = running.wait()
            #expect(ended.status == 137, "\(ended.status) \(ended.errors)")
            #expect(ended.errors.contains("rank 1") || ended.errors.contains("Rank 1"), "\(ended.errors)")
            for child in children { #expect(kill(child, 0) == -1) }
            let resumed = try Command.run(
                Self.classification("run", job + ["--processes", "3", "--resume"]), in: place.path, environment: Self.environment)
            try #require(resumed.status == 0, "\(resumed.errors)")
            let start = try #require(try resumed.objects().first)
            #expect(start["resumed_epoch"] as? Int == 1 && start["processes"] as? Int == 3)
            #expect((1..<60).contains(start["resumed_step"] as? Int ?? 0))
        }

        @Test("A mini-batch that is smaller than the number of processes is refused, once")
        func smallBatch() throws {
            let place = try digits()
            let result = try Command.run(
                Self.classification("run", ["-p", "mini_batch_size=2", "--processes", "3"]), in: place.path, environment: Self.environment)
            #expect(result.status == 1)
            #expect(result.errors.contains("mini_batch_size is 2: 2 images an update, for 3 processes"), "\(result.errors)")
            #expect(!place.exists("run"))
        }
    }
}
