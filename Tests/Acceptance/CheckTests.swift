import Foundation
import Testing

extension Acceptance {
    @Suite("Checking data")
    struct CheckTests {
        private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        /// Real data beside the repository.
        private static let data = repository.deletingLastPathComponent().appendingPathComponent("shared/data").standardized.path
        private static let hasData = ["trashnet", "camvid", "bccd", "cifar10", "recordio/cls"].allSatisfy {
            FileManager.default.fileExists(atPath: data + "/" + $0)
        }
        private static let python = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { $0 + "/python3" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }

        /// The copies that `damage.py` makes, and how each is checked.
        private static let sets: [(name: String, arguments: [String])] = [
            ("lists", ["classification", "--train", "lists", "--validation", "lists"]),
            ("folders", ["--train", "folders/train", "--validation", "folders/validation"]),
            ("masks", ["--train", "masks", "--validation", "masks", "-p", "num_classes=11"]),
            (
                "manifest",
                ["--train", "manifest/train.manifest", "--validation", "manifest/validation.manifest", "-p", "num_classes=3"]
            ),
            ("records", ["--train", "records/train.rec"]),
            ("cut-records", ["--train", "cut-records/train.rec"]),
            ("cifar", ["--train", "cifar/data_batch_1.bin"]),
            (
                "boxes",
                [
                    "--train", "boxes/train", "--train-annotation", "boxes/train_annotation", "--validation", "boxes/validation",
                    "--validation-annotation", "boxes/validation_annotation", "-p", "num_classes=3",
                ]
            ),
        ]

        /// Runs `damage.py`; what it prints.
        private func damage(_ place: Workspace, _ options: [String] = []) throws -> String {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try #require(Self.python))
            process.arguments = [Self.repository.path + "/Tests/Damage/damage.py", Self.data, place.path + "/damaged"] + options
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            try #require(process.terminationStatus == 0)
            return text
        }

        private func report(_ arguments: [String], _ place: Workspace) throws -> (status: Int32, json: [String: Any], faults: [Fault]) {
            let result = try Command.run(["check"] + arguments + ["--json"], in: place.path + "/damaged")
            #expect(result.errors.isEmpty, "\(result.errors)")
            let json = try #require(try result.objects().first, "\(result.output)")
            let faults = try #require(json["faults"] as? [[String: Any]]).map(Fault.init)
            return (result.status, json, faults)
        }

        /// A fault as scripts see it.
        private struct Fault: CustomStringConvertible {
            let kind: String
            let severity: String
            let place: String
            let problem: String
            var description: String { "\(kind) \(place): \(problem)" }

            init(_ object: [String: Any]) {
                func text(_ key: String) -> String { object[key] as? String ?? "" }
                (kind, severity, place, problem) = (text("kind"), text("severity"), text("place"), text("problem"))
            }

            /// Whether it is at a place, which a column or an attribute may follow.
            func lies(at wanted: String) -> Bool {
                place == wanted || place.hasPrefix(wanted + ",")
                    || ["reader-warning", "no-boxes"].contains(kind) && problem.contains(wanted)
            }
        }

        /// Whether the command can be told where box annotations lie.
        private func readsBoxes(_ place: Workspace) throws -> Bool {
            try Command.run(["check", "--help"], in: place.path).output.contains("--train-annotation")
        }

        @Test(
            "Every damage of the copies of real data is found at its place, and nothing else",
            .enabled(if: hasData && python != nil, "needs ../shared/data and python3"))
        func damages() throws {
            let place = try Workspace()
            let damages = try damage(place).split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
            try #require(damages.count >= 50 && damages.allSatisfy { $0.count == 4 })
            for set in Self.sets where try set.name != "boxes" || readsBoxes(place) {
                // Paths are printed as they lie below the copies' folder, where the command runs.
                let expected = damages.filter { $0[0] == set.name }
                let (status, json, faults) = try report(set.arguments, place)
                for damage in expected {
                    #expect(
                        faults.contains { $0.kind == damage[3] && $0.lies(at: damage[2]) },
                        "\(damage[1]): no \(damage[3]) at \(damage[2]) among \(faults)")
                }
                // Readers sum up what they leave out; every other fault is one of the damages.
                for fault in faults where fault.kind != "reader-warning" {
                    #expect(expected.contains { fault.kind == $0[3] && fault.lies(at: $0[2]) }, "false: \(fault)")
                }
                #expect(status == 1)
                #expect(json["errors"] as? Int == faults.filter { $0.severity == "error" }.count)
            }
        }

        @Test(
            "Nothing is wrong with the real data themselves",
            .enabled(if: hasData && python != nil, "needs ../shared/data and python3"))
        func clean() throws {
            let place = try Workspace()
            #expect(try damage(place, ["--copy-only"]).isEmpty)
            for set in Self.sets where try !["cut-records"].contains(set.name) && (set.name != "boxes" || readsBoxes(place)) {
                let (status, json, faults) = try report(set.arguments, place)
                #expect(status == 0 && faults.isEmpty, "\(set.name): \(faults)")
                #expect(json["errors"] as? Int == 0 && json["warnings"] as? Int == 0 && json["notes"] as? Int == 0)
            }
        }

        @Test("The text names each fault, errors leave with 1, warnings only where asked")
        func statuses() throws {
            let place = try Workspace()
            try place.writeFolders("photos", perClass: 3)
            let clean = try Command.run(["check", "--train", "photos"], in: place.path)
            #expect(clean.status == 0 && clean.output.contains(": nothing is wrong\n") && clean.errors.isEmpty)

            try place.write(place.bytes("photos/dark/1.png"), to: "photos/dark/copy.png")
            let warned = try Command.run(["check", "--train", "photos"], in: place.path)
            #expect(warned.status == 0 && warned.output.contains("photos/dark/copy.png: it is the same picture as photos/dark/1.png"))
            #expect(try Command.run(["check", "--train", "photos", "--strict"], in: place.path).status == 1)

            try place.write([], to: "photos/rows/none.png")
            let wrong = try Command.run(["check", "--train", "photos"], in: place.path)
            #expect(wrong.status == 1 && wrong.output.contains("photos/rows/none.png: the picture is empty"))
            #expect(wrong.output.hasSuffix(": 1 error, 1 warning\n") && wrong.errors.isEmpty)
        }

        @Test("The page lies beside the data, never in them, and replaces no other page")
        func page() throws {
            let place = try Workspace()
            try place.writeFolders("photos", perClass: 2)
            let inside = try Command.run(["check", "--train", "photos", "--output", "photos/checked"], in: place.path)
            #expect(inside.status == 2 && inside.errors.contains("would be a class") && !place.exists("photos/checked"), "\(inside)")
            for _ in 0..<2 {
                let written = try Command.run(["check", "--train", "photos", "--output", "checked"], in: place.path)
                #expect(written.status == 0 && written.errors.contains("report: checked/report.html"), "\(written)")
            }
            #expect(try place.text("checked/report.html").contains("Labels, train"))
            try place.write(Array("mine".utf8), to: "other/report.html")
            let other = try Command.run(["check", "--train", "photos", "--output", "other"], in: place.path)
            #expect(other.status == 2 && other.errors.contains("no check has written"), "\(other)")
            #expect(try place.text("other/report.html") == "mine")
        }

        @Test("A path that leads nowhere is one error; misuse leaves with 2")
        func misuse() throws {
            let place = try Workspace()
            let lost = try Command.run(["check", "--train", "no/such"], in: place.path)
            #expect(lost.status == 1 && lost.output.isEmpty)
            #expect(lost.errors == "sightline: error: no/such: there is no such file or folder; check the path\n")
            for arguments in [["--validation", "x"], ["--train", "x", "-p", "learning_rate=1"], ["detecting", "--train", "x"]] {
                #expect(try Command.run(["check"] + arguments, in: place.path).status == 2)
            }
        }
    }
}
