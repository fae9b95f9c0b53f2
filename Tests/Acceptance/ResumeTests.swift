import Foundation
import Glibc
import Testing

extension Acceptance {
    @Suite("Interruption and resumption")
    struct ResumeTests {
        private static func arguments(_ output: String, epochs: Int = 3, precision: String, _ more: [String] = []) -> [String] {
            [
                "train", "classification", "--train", "data", "--validation", "data", "--output", output, "-p", "num_layers=20", "-p",
                "image_shape=1,28,28", "-p", "epochs=\(epochs)", "-p", "mini_batch_size=8", "-p", "augmentation_type=crop", "-p",
                "lr_scheduler_step=1", "-p", "precision_dtype=\(precision)", "--json",
            ] + more
        }

        private func prepare() throws -> Workspace {
            let place = try Workspace()
            try place.writeIDX("train", count: 48, in: "data")
            try place.writeIDX("t10k", count: 8, in: "data")
            return place
        }

        private func expectSameWeights(_ place: Workspace) throws {
            #expect(try place.bytes("resumed/last/model.safetensors") == place.bytes("whole/last/model.safetensors"))
        }

        @Test("A run that was killed and resumed ends with the same bits as one that was left alone", arguments: ["float32", "auto"])
        func killed(precision: String) throws {
            let place = try prepare()
            let whole = try Command.run(Self.arguments("whole", precision: precision), in: place.path)
            try #require(whole.status == 0, "\(whole.errors)")

            let running = try Command.start(Self.arguments("resumed", precision: precision), in: place.path)
            try running.wait(until: { $0.output.contains("\"event\": \"epoch\"") }, "the first epoch")
            running.kill(SIGKILL)
            #expect(running.wait().status != 0)

            let resumed = try Command.run(Self.arguments("resumed", precision: precision, ["--resume"]), in: place.path)
            try #require(resumed.status == 0, "\(resumed.errors)")
            #expect(try resumed.objects().first?["resumed_epoch"] as? Int != nil)
            try expectSameWeights(place)
            let rows = try place.text("resumed/results.csv").split(separator: "\n")
            #expect(rows.dropFirst().map { $0.split(separator: ",").first } == ["1", "2", "3"])
        }

        @Test("Ctrl-C in the middle of an epoch saves the step, and the resumed run ends with the same bits")
        func interrupted() throws {
            let place = try prepare()
            let whole = try Command.run(Self.arguments("whole", precision: "auto"), in: place.path)
            try #require(whole.status == 0, "\(whole.errors)")

            let running = try Command.start(Self.arguments("resumed", precision: "auto"), in: place.path)
            try running.wait(until: { $0.output.contains("\"event\": \"started\"") }, "the start")
            // Who stops a whole group may reach a process twice, which is one wish.
            running.kill(SIGINT)
            running.kill(SIGTERM)
            let stopped = running.wait()
            #expect(stopped.status == 1)
            #expect(stopped.errors.contains("Interrupted in epoch 1 after"))
            #expect(stopped.errors.contains("--resume"))
            #expect(!stopped.errors.contains("error:"))
            #expect(try stopped.objects().last?["event"] as? String == "interrupted")

            let resumed = try Command.run(Self.arguments("resumed", precision: "auto", ["--resume"]), in: place.path)
            try #require(resumed.status == 0, "\(resumed.errors)")
            let start = try #require(try resumed.objects().first)
            #expect(start["resumed_epoch"] as? Int == 1)
            #expect((start["resumed_step"] as? Int ?? 0) > 0)
            try expectSameWeights(place)
        }

        @Test("A finished run refuses to be resumed and says how to extend it; other settings are listed; more epochs extend it")
        func finished() throws {
            let place = try prepare()
            let first = try Command.run(Self.arguments("run", epochs: 1, precision: "auto"), in: place.path)
            try #require(first.status == 0, "\(first.errors)")

            let occupied = try Command.run(Self.arguments("run", epochs: 1, precision: "auto"), in: place.path)
            #expect(occupied.status == 1)
            #expect(occupied.errors.contains("--resume") && occupied.errors.contains("--overwrite"))

            let refused = try Command.run(Self.arguments("run", epochs: 1, precision: "auto", ["--resume"]), in: place.path)
            #expect(refused.status == 1)
            #expect(refused.errors.contains("is finished: 1 epoch is done"))
            #expect(refused.errors.contains("-p epochs=N"))

            let changed = try Command.run(
                Self.arguments("run", epochs: 2, precision: "auto", ["--resume", "-p", "learning_rate=0.2", "-p", "seed=5"]), in: place.path
            )
            #expect(changed.status == 1)
            #expect(changed.errors.contains("  - learning_rate: was 0.1, now 0.2"))
            #expect(changed.errors.contains("  - seed: was 0, now 5"))
            #expect(!changed.errors.contains("epochs: was"))

            let extended = try Command.run(Self.arguments("run", epochs: 2, precision: "auto", ["--resume"]), in: place.path)
            #expect(extended.status == 0, "\(extended.errors)")
            #expect(try place.text("run/results.csv").split(separator: "\n").count == 3)
        }
    }
}
