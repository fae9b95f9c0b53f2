import Foundation
import Testing

/// The built command, driven as a user drives it. One at a time: each run wants the whole machine.
@Suite("The command", .serialized)
struct Acceptance {}

extension Acceptance {
    @Suite("Help and usage")
    struct HelpTests {
        /// The names of SageMaker's contract (Image Classification – MXNet), and `seed`.
        static let hyperparameters = [
            "num_classes", "num_training_samples", "augmentation_type", "beta_1", "beta_2", "checkpoint_frequency", "early_stopping",
            "early_stopping_min_epochs", "early_stopping_patience", "early_stopping_tolerance", "epochs", "eps", "gamma", "image_shape",
            "kv_store", "learning_rate", "lr_scheduler_factor", "lr_scheduler_step", "mini_batch_size", "momentum", "multi_label",
            "num_layers",
            "optimizer", "precision_dtype", "resize", "top_k", "use_pretrained_model", "use_weighted_loss", "weight_decay", "seed",
        ]

        @Test(
            "Every command helps with examples, on standard output, and leaves with 0",
            arguments: [
                [], ["train"], ["train", "classification"], ["train", "detection"], ["train", "segmentation"], ["evaluate"], ["predict"],
                ["info"], ["export"], ["check"], ["serve"], ["transform"], ["completions"], ["doctor"], ["weights"], ["feed"],
                ["container"],
                ["container", "train"],
                ["container", "serve"],
            ])
        func examples(command: [String]) throws {
            let place = try Workspace()
            let result = try Command.run(command + ["--help"], in: place.path)
            #expect(result.status == 0)
            #expect(result.output.contains("EXAMPLES"))
            #expect(result.output.contains("USAGE: sightline"))
            #expect(result.errors.isEmpty)
            // Lines that are too long are broken anywhere, and an example that is broken can't be pasted.
            let examples = result.output.components(separatedBy: "EXAMPLES\n").dropFirst().first?.components(separatedBy: "\n\n").first
            for line in try #require(examples).split(separator: "\n") { #expect(line.hasPrefix("  "), "\(line)") }
        }

        @Test("Weights are listed, and fetched from a mirror into a folder; what is there and wrong is refused")
        func weights() throws {
            let place = try Workspace()
            let listed = try Command.run(["weights"], in: place.path)
            #expect(listed.status == 0 && listed.output.contains("resnet50") && listed.output.contains("0676ba61"), "\(listed)")
            try place.write(Array("no weights".utf8), to: "mirror/resnet18-f37072fd.pth")
            let mirror = ["SIGHTLINE_WEIGHTS_MIRROR": place.path + "/mirror"]
            let wrong = try Command.run(["weights", "resnet-18", "--output", "out"], in: place.path, environment: mirror)
            #expect(wrong.status == 1 && wrong.errors.contains("SHA-256") && !place.exists("out/resnet18-f37072fd.pth"), "\(wrong)")
            let typo = try Command.run(["weights", "resnet-17", "--output", "out"], in: place.path)
            #expect(typo.status == 1 && typo.errors.contains("resnet18"), "\(typo)")
            #expect(try Command.run(["weights", "--output", "out"], in: place.path).status == 2)
        }

        @Test("The doctor tells what the machine has, notes what is missing, and leaves with 1 where nothing can work")
        func doctor() throws {
            let place = try Workspace()
            let well = try #require(try Command.run(["doctor", "--json"], in: place.path).objects().first)
            let findings = try #require(well["findings"] as? [[String: Any]])
            let names = findings.compactMap { $0["name"] as? String }
            #expect(
                Set(["program", "processor", "products", "memory", "temporary files", "pretrained weights", "font"]).isSubset(of: names))
            #expect(!findings.contains { $0["status"] as? String == "fault" })
            let ill = try Command.run(["doctor"], in: place.path, environment: ["TMPDIR": "/proc/none/", "SIGHTLINE_CACHE": "/proc/none"])
            #expect(
                ill.status == 1 && ill.output.contains("fault: temporary files: /proc/none cannot be written into. Set TMPDIR"), "\(ill)")
            #expect(ill.output.contains("note: pretrained weights: /proc cannot be written into."))
        }

        @Test("Files and folders are completed in shells")
        func paths() throws {
            let place = try Workspace()
            for (shell, word) in [("bash", "add_completions -f"), ("zsh", "_files"), ("fish", "-rF")] {
                let script = try Command.run(["completions", shell], in: place.path).output
                #expect(script.contains(word), "\(shell)")
            }
        }

        @Test("The help of training names every hyperparameter")
        func names() throws {
            let place = try Workspace()
            let help = try Command.run(["train", "classification", "--help"], in: place.path).output
            let words = Set(help.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
            for name in Self.hyperparameters { #expect(words.contains(name), "\(name)") }
        }

        @Test("Misuse leaves with 2 and says what was wrong on standard error")
        func misuse() throws {
            let place = try Workspace()
            for (arguments, word) in [
                (["trane"], "trane"), (["evaluate", "model"], "--data"), (["predict", "model"], "image"),
                (["train", "classification", "--train", "x", "--output", "y", "--resume", "--overwrite"], "--overwrite"),
                (["train", "classification", "--train", "x", "--output", "y", "-p", "epochs"], "epochs"),
            ] {
                let result = try Command.run(arguments, in: place.path)
                #expect(result.status == 2, "\(arguments)")
                #expect(result.errors.hasPrefix("sightline: error: "), "\(result.errors)")
                #expect(result.errors.contains(word), "\(result.errors)")
                #expect(result.output.isEmpty)
            }
        }

        @Test("The usual first mistakes are answered with what was meant")
        func hints() throws {
            let place = try Workspace()
            for (words, sentence) in [
                ("trian classification", "There is no command 'trian'. Did you mean 'train'?"),
                ("train clasification --train x", "There is no task 'clasification'. Did you mean 'classification'?"),
                ("train --train x --output y", "train needs a task before its options"),
                ("train detection --train x --output y --epochs 3", "give -p epochs="),
                ("train classification --train x --output y --lr 1", "give -p learning_rate="),
                ("train classification --train x --output y --mini-batch-size 1", "give -p mini_batch_size="),
                ("container train --root typo", "there is no such folder"),
            ] {
                let result = try Command.run(words.split(separator: " ").map(String.init), in: place.path)
                #expect(result.status == 2 && result.errors.contains(sentence), "\(result.errors)")
            }
            #expect(!place.exists("typo"))
        }

        @Test("Completions are printed for each shell", arguments: ["bash", "zsh", "fish"])
        func completions(shell: String) throws {
            let place = try Workspace()
            let result = try Command.run(["completions", shell], in: place.path)
            #expect(result.status == 0)
            #expect(result.output.contains("classification") && result.output.contains("evaluate"))
        }

        @Test("A reader that goes away is no failure")
        func brokenPipe() throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "{ \"$0\" train classification --help; echo $? >&2; } | true", Command.path]
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(text == "0\n")
        }
    }
}
