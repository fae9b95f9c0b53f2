import Foundation
import Glibc
import Imaging
import Testing

extension Acceptance {
    @Suite("Object detection through the program")
    struct DetectionTests {
        private static func arguments(_ output: String, epochs: Int = 1, _ more: [String] = []) -> [String] {
            [
                "train", "detection", "--train", "shapes", "--validation", "shapes", "--output", output, "-p", "base_network=resnet-18",
                "-p", "use_pretrained_model=0", "-p", "epochs=\(epochs)", "-p", "mini_batch_size=2", "-p", "lr_scheduler_step=1", "--json",
            ] + more
        }

        private func prepare(_ objects: [[Workspace.Object]]? = nil, validation: Int = 2) throws -> Workspace {
            let place = try Workspace()
            let shapes = objects ?? (0..<6).map { [Workspace.Object(classID: $0 % 2, left: 8 + $0, top: 10, width: 30, height: 24)] }
            try place.writeShapes("shapes", channel: "train", shapes)
            try place.writeShapes("shapes", channel: "validation", Array(shapes.prefix(validation)))
            return place
        }

        /// One message that has all the words, and nothing that looks like a model.
        private func expectRefusal(_ result: Command.Result, _ place: Workspace, _ words: [String]) {
            #expect(result.status == 1)
            #expect(result.errors.components(separatedBy: "sightline: error: ").count == 2, "\(result.errors)")
            for word in words { #expect(result.errors.contains(word), "'\(word)' in: \(result.errors)") }
            #expect(!place.exists("run"))
        }

        @Test("Train, evaluate, predict, draw and info agree about a model; its folder tells what was trained")
        func roundTrip() throws {
            let place = try prepare()
            let run = try Command.run(Self.arguments("run"), in: place.path)
            try #require(run.status == 0, "\(run.errors)")
            #expect(try place.text("run/README.md").contains("object detection"))
            #expect(place.exists("run/precision_recall.csv"))
            #expect(try place.text("run/results.csv").contains("mAP"))

            let evaluated = try Command.run(["evaluate", "run", "--data", "shapes", "--output", "scored", "--json"], in: place.path)
            try #require(evaluated.status == 0, "\(evaluated.errors)")
            #expect(evaluated.output.contains("\"mAP\""))
            let errors = try #require(try evaluated.objects().first?["errors"] as? [String: Any])
            let wrong = ["classification", "localization", "both", "duplicate", "background", "missed"]
            let rows = try place.text("scored/mistakes.csv").split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
            #expect(rows.first == ["image", "right"] + wrong)
            for (column, kind) in wrong.enumerated() {
                #expect(errors[kind] as? Int == rows.dropFirst().reduce(0) { $0 + (Int($1[column + 2]) ?? 0) })
            }
            let page = try place.text("scored/report.html")
            #expect(page.components(separatedBy: "<article").count == rows.count && place.exists("scored/precision_recall.csv"))
            #expect(try place.text("run/report.html").contains("The model on the validation set"))

            // Drawn copies have the pictures' names.
            let original = try place.bytes("shapes/validation/0.png")
            let over = try Command.run(["predict", "run", "shapes/validation", "--output", "shapes/./validation"], in: place.path)
            #expect(over.status == 2 && over.errors.contains("would take their place"), "\(over)")
            #expect(try place.bytes("shapes/validation/0.png") == original)
            let predicted = try Command.run(
                ["predict", "run", "shapes/validation", "--json", "--threshold", "0.01", "--output", "drawn"], in: place.path)
            try #require(predicted.status == 0, "\(predicted.errors)")
            let objects = try predicted.objects()
            #expect(objects.count == 2)
            for object in objects {
                #expect(object["labels"] as? [String] == ["square", "disc"])
                for row in try #require(object["prediction"] as? [[Double]]) {
                    #expect(row.count == 6 && [0, 1].contains(row[0]) && (0.01...1).contains(row[1]))
                }
            }
            let drawn = try Image(decoding: Array(place.bytes("drawn/0.jpg")))
            #expect(drawn.width == 64 && drawn.height == 48)
            #expect(try Command.run(["info", "run"], in: place.path).output.contains("ssd-300-resnet-18"))
        }

        @Test("Ctrl-C in the middle of an epoch saves the step, and the resumed run ends with the same bits")
        func interrupted() throws {
            let place = try prepare()
            let whole = try Command.run(Self.arguments("whole", epochs: 2), in: place.path)
            try #require(whole.status == 0, "\(whole.errors)")

            let running = try Command.start(Self.arguments("resumed", epochs: 2), in: place.path)
            try running.wait(until: { $0.output.contains("\"event\": \"started\"") }, "the start")
            running.kill(SIGINT)
            let stopped = running.wait()
            #expect(stopped.status == 1)
            #expect(stopped.errors.contains("--resume") && !stopped.errors.contains("error:"), "\(stopped.errors)")

            let resumed = try Command.run(Self.arguments("resumed", epochs: 2, ["--resume"]), in: place.path)
            try #require(resumed.status == 0, "\(resumed.errors)")
            #expect(try place.bytes("resumed/last/model.safetensors") == place.bytes("whole/last/model.safetensors"))
        }

        @Test(
            "An image without objects, one with 500, and boxes without area or beyond the picture are trained on; what is left out is said")
        func unusual() throws {
            let many = (0..<500).map { Workspace.Object(classID: $0 % 2, left: $0 % 25 * 2, top: $0 / 25 * 2, width: 9, height: 8) }
            let place = try prepare([
                [], many, [Workspace.Object(classID: 0, left: 5, top: 5, width: 0, height: 9)],
                [Workspace.Object(classID: 1, left: 40, top: 20, width: 60, height: 20)],
            ])
            expectRefusal(
                try Command.run(Self.arguments("run", ["-p", "label_width=350"]), in: place.path), place,
                ["label_width: it is 350", "shapes/train_annotation/1.json has 500", "2502 or more"])
            // Where nobody says how much room there is, there is enough.
            let run = try Command.run(Self.arguments("run"), in: place.path)
            try #require(run.status == 0, "\(run.errors)")
            #expect(run.errors.contains("1 box has no area within its picture and is left out of training"), "\(run.errors)")
            #expect(run.errors.contains("1 box reaches beyond its picture and is clipped in training"), "\(run.errors)")
            let epoch = try #require(try run.objects().first { $0["event"] as? String == "epoch" })
            let loss = try #require((epoch["train"] as? [String: Any])?["loss"] as? Double)
            #expect(loss.isFinite)
        }

        @Test("A class that training has not is refused with its file, in training and validation, and by evaluate")
        func unseen() throws {
            let place = try prepare()
            let stranger = [[Workspace.Object(classID: 7, left: 5, top: 5, width: 10, height: 9)]]
            try place.writeShapes("strange", channel: "validation", stranger)
            let arguments = Self.arguments("run").map { $0 == "--validation" ? "--validation=strange" : $0 }
            expectRefusal(
                try Command.run(Array(arguments.prefix(5) + arguments.dropFirst(6)), in: place.path), place,
                ["strange/validation_annotation/0.json", "class 7", "0…1"])

            try place.writeShapes("shapes", channel: "train", stranger)
            expectRefusal(
                try Command.run(Self.arguments("run", ["-p", "num_classes=2"]), in: place.path), place,
                ["shapes/train_annotation/0.json", "7", "num_classes"])
        }

        @Test("label_width that is too small for RecordIO's labels is refused with the number that is needed")
        func labelWidth() throws {
            let many = (0..<80).map { Workspace.Object(classID: 0, left: $0 % 20 * 2, top: $0 / 20 * 2, width: 9, height: 8) }
            let place = try prepare([many, many])
            let converted = try Command.run(["convert", "shapes", "records", "--to", "recordio"], in: place.path)
            try #require(converted.status == 0, "\(converted.errors)")
            let arguments = Self.arguments("run").map { $0 == "shapes" ? "records" : $0 }
            // A header of two numbers, and five a box.
            expectRefusal(
                try Command.run(arguments + ["-p", "label_width=350"], in: place.path), place,
                ["label_width: it is 350", "record 0 has 80", "402 or more"])
            let run = try Command.run(arguments + ["-p", "label_width=402"], in: place.path)
            #expect(run.status == 0, "\(run.errors)")
        }

        @Test("A picture without a file of boxes, a broken one and a broken picture are named")
        func broken() throws {
            let place = try prepare()
            try place.write(Array("{\"file\": ".utf8), to: "shapes/train_annotation/3.json")
            expectRefusal(try Command.run(Self.arguments("run"), in: place.path), place, ["shapes/train_annotation/3.json"])
            try FileManager.default.removeItem(atPath: place.path + "/shapes/train_annotation/3.json")
            expectRefusal(
                try Command.run(Self.arguments("run"), in: place.path), place, ["shapes/train/3.png", "the picture has no annotation"])
            try place.writeShapes("shapes", channel: "train", (0..<4).map { _ in [] })
            try place.write(try place.bytes("shapes/train/2.png").prefix(60), to: "shapes/train/2.png")
            expectRefusal(try Command.run(Self.arguments("run"), in: place.path), place, ["shapes/train/2.png"])
        }

        @Test("The help of training names every hyperparameter; a wrong one's right name is given")
        func help() throws {
            let place = try Workspace()
            let help = try Command.run(["train", "detection", "--help"], in: place.path).output
            let words = Set(help.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
            for name in [
                "base_network", "num_classes", "num_training_samples", "epochs", "use_pretrained_model", "mini_batch_size", "learning_rate",
                "lr_scheduler_step", "lr_scheduler_factor", "optimizer", "momentum", "weight_decay", "overlap_threshold", "nms_threshold",
                "image_shape", "label_width", "freeze_layer_pattern", "early_stopping", "early_stopping_min_epochs",
                "early_stopping_patience", "early_stopping_tolerance", "kv_store",
            ] { #expect(words.contains(name), "\(name)") }

            let typo = try Command.run(
                ["train", "detection", "--train", "x", "--output", "run", "-p", "base_netwrok=vgg-16", "-p", "optimizer=adm"],
                in: place.path)
            #expect(typo.status == 2)
            #expect(typo.errors.contains("did you mean 'base_network'?") && typo.errors.contains("did you mean 'adam'?"), "\(typo.errors)")
        }
    }
}
