import Foundation
import Glibc
import Testing

extension Acceptance {
    /// What goes wrong with several processes is said once.
    @Suite("Faults with several processes")
    struct RanksFaultTests {
        private static let environment = ["OMP_NUM_THREADS": "1"]

        private static func arguments(_ more: [String]) -> [String] {
            [
                "train", "classification", "--train", "photos", "--output", "run", "--quiet", "-p", "num_layers=20", "-p",
                "image_shape=3,32,32", "-p", "epochs=1", "-p", "mini_batch_size=8", "-p", "learning_rate=0.001", "--processes", "2",
            ] + more
        }

        private func photos() throws -> Workspace {
            let place = try Workspace()
            try place.writeFolders("photos", perClass: 4)
            return place
        }

        /// The one line that was written, by a command that ended with a status.
        private func line(_ place: Workspace, _ status: Int32, _ more: [String]) throws -> String {
            let result = try Command.run(Self.arguments(more), in: place.path, environment: Self.environment)
            #expect(result.status == status, "\(result.errors)")
            let lines = result.errors.split(separator: "\n")
            #expect(lines.count == 1, "\(result.errors)")
            return lines.first.map(String.init) ?? ""
        }

        @Test("A setting, a path, a picture that are wrong: one line, whichever process met it")
        func oneLine() throws {
            let place = try photos()
            #expect(try line(place, 2, ["-p", "mini_batch_size=oops"]).hasPrefix("sightline: error: mini_batch_size is 'oops'"))
            #expect(try line(place, 1, ["--train", "nowhere"]).hasPrefix("sightline: error: nowhere: there is no such file"))
            for name in ["bars/0.png", "dark/1.png", "light/2.png", "rows/3.png"] {
                try place.write(place.bytes("photos/" + name).prefix(40), to: "photos/" + name)
            }
            #expect(try line(place, 1, []).contains("is damaged or cut off"))
            #expect(!place.exists("run"))
        }

        @Test("A folder that holds a run, and GPUs that are not there, are refused before any process is started")
        func refused() throws {
            let place = try photos()
            try place.write("epoch\n".utf8, to: "run/results.csv")
            #expect(try line(place, 1, []).hasPrefix("sightline: error: run holds a run already."))
            var words = Self.arguments([])
            words.replace(["--processes", "2"], with: ["--gpus", "4096"])
            let result = try Command.run(words, in: place.path)
            #expect(
                result.status == 2 && result.errors.hasPrefix("sightline: error: --gpus is 4096, and this machine has "), "\(result.errors)"
            )
        }

        @Test("Each process gets a copy of what comes through FIFOs")
        func pipes() throws {
            let place = try photos()
            let converted = try Command.run(["convert", "photos", "records", "--to", "recordio"], in: place.path)
            try #require(converted.status == 0, "\(converted.errors)")
            let feed = try Command.start(["feed", "--source", "records/train.rec", "--to", "pipes/train", "--epochs", "2"], in: place.path)
            defer { feed.kill(SIGKILL) }
            let stream = ["--train", "pipes/train", "--input-mode", "pipe", "-p", "num_classes=4", "-p", "epochs=2"]
            let shared = try Command.run(Self.arguments(stream), in: place.path, environment: Self.environment)
            #expect(shared.status == 0, "\(shared.errors)")
            #expect(try place.text("run/results.csv").split(separator: "\n").count == 3)

            let mpi = [
                "RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1",
            ]
            var words = Self.arguments(stream + ["--overwrite"])
            words.replace(["--processes", "2"], with: [])
            let refused = try Command.run(words, in: place.path, environment: mpi)
            #expect(refused.status == 2 && refused.errors.contains("pipes/train comes through FIFOs"), "\(refused.errors)")
        }
    }
}
