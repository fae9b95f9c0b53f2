import Foundation
import Glibc
import Imaging
import Testing

extension Workspace {
    /// Colour pictures of 48 × 40 with masks, in SageMaker's folders: a bright disc (1) and a dark bar (2) on grey (0), edges unlabelled.
    func writeMasks(_ channel: String, count: Int, in folder: String) throws {
        for number in 0..<count {
            let (x, y) = (8 + number * 5 % 20, 10 + number * 7 % 16)
            var (pixels, classes): ([UInt8], [UInt8]) = ([], [])
            for place in 0..<48 * 40 {
                let (column, row) = (place % 48, place / 48)
                let distance = (column - x) * (column - x) + (row - y) * (row - y)
                let isBar = column > 38
                classes.append(distance < 49 ? 1 : distance < 64 ? 255 : isBar ? 2 : 0)
                let noise = UInt8((place &* 31 &+ number &* 17) % 23)
                pixels += distance < 56 ? [200 + noise, 180, noise] : isBar ? [noise, 10, 60 + noise] : [100 + noise, 110, 100 + noise]
            }
            let picture = try Image(width: 48, height: 40, channels: 3, pixels: pixels)
            let mask = try Image(width: 48, height: 40, channels: 1, pixels: classes)
            try write(picture.encodedJPEG(quality: 95), to: "\(folder)/\(channel)/\(number).jpg")
            try write(mask.encodedPNG(palette: .pascalVOC), to: "\(folder)/\(channel)_annotation/\(number).png")
        }
    }
}

extension Acceptance {
    @Suite("Segmentation")
    struct SegmentationTests {
        private static func arguments(_ output: String, epochs: Int = 2, _ more: [String] = []) -> [String] {
            [
                "train", "segmentation", "--train", "data", "--validation", "data", "--output", output, "-p", "backbone=resnet-18", "-p",
                "use_pretrained_model=False", "-p", "num_classes=3", "-p", "crop_size=32", "-p", "base_size=48", "-p",
                "epochs=\(epochs)", "-p", "mini_batch_size=4", "-p", "learning_rate=0.02", "--json",
            ] + more
        }

        private func prepare(_ count: Int = 16) throws -> Workspace {
            let place = try Workspace()
            try place.writeMasks("train", count: count, in: "data")
            try place.writeMasks("validation", count: 3, in: "data")
            return place
        }

        @Test("A dry run tells data, network and schedule, and writes nothing")
        func dryRun() throws {
            let place = try prepare()
            let result = try Command.run(Self.arguments("run", ["--dry-run", "-p", "validation_mini_batch_size=4"]), in: place.path)
            try #require(result.status == 0, "\(result.errors)")
            let told = try #require(try result.objects().first)
            #expect(told["network"] as? String == "fcn-resnet-18" && told["images"] as? Int == 16 && told["steps_per_epoch"] as? Int == 4)
            #expect(told["validation_images"] as? Int == 3 && told["classes"] as? [String] == ["0", "1", "2"])
            let settings = try #require(told["hyperparameters"] as? [String: String])
            #expect(settings["lr_scheduler"] == "poly" && settings["crop_size"] == "32" && settings["num_training_samples"] == "16")
            #expect((told["notes"] as? [String])?.contains { $0.contains("scores crops of 32×32 pixels") } == true)
            #expect(!place.exists("run"))
        }

        @Test("A run that was killed and resumed ends with the same bits as one that was left alone")
        func resumed() throws {
            let place = try prepare()
            let whole = try Command.run(Self.arguments("whole", epochs: 3), in: place.path)
            try #require(whole.status == 0, "\(whole.errors)")

            let running = try Command.start(Self.arguments("resumed", epochs: 3), in: place.path)
            try running.wait(until: { $0.output.contains("\"event\": \"epoch\"") }, "the first epoch")
            running.kill(SIGKILL)
            #expect(running.wait().status != 0)
            let resumed = try Command.run(Self.arguments("resumed", epochs: 3, ["--resume"]), in: place.path)
            try #require(resumed.status == 0, "\(resumed.errors)")
            #expect(try place.bytes("resumed/last/model.safetensors") == place.bytes("whole/last/model.safetensors"))
            // Poly: the rate of the last update is (1 − 11 / 12)^0.9 of the first.
            let rows = try place.text("whole/results.csv").split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
            let column = try #require(rows.first?.firstIndex(of: "learning_rate"))
            let rate = try #require(rows.last.flatMap { Double($0[column]) })
            #expect(abs(rate - 0.02 * pow(1.0 / 12, 0.9)) < 1e-6)
        }

        @Test("A trained model learns, scores as its run says, and writes masks and overlays of the pictures' size")
        func roundTrip() throws {
            let place = try prepare(32)
            let trained = try Command.run(
                Self.arguments("run", epochs: 8, ["-p", "num_training_samples=32", "--class-names", "ground,disc,bar"]), in: place.path)
            try #require(trained.status == 0, "\(trained.errors)")
            let evaluated = try Command.run(["evaluate", "run", "--data", "data", "--output", "scored", "--json"], in: place.path)
            try #require(evaluated.status == 0, "\(evaluated.errors)")
            let mistakes = try place.text("scored/mistakes.csv").split(separator: "\n")
            #expect(mistakes.first == "image,pixel_accuracy,mean_iou" && mistakes.count == 4)
            // The image, its mask and what was predicted, of each.
            let page = try place.text("scored/report.html")
            #expect(page.components(separatedBy: "<img").count == 10 && page.contains("rgb("))
            #expect(try place.text("run/report.html").components(separatedBy: "<img").count == 10)
            let scores = try #require(try evaluated.objects().first)
            let mIOU = try #require(scores["mIOU"] as? Double)
            #expect(mIOU > 0.5)
            #expect(scores["images"] as? Int == 3 && (scores["per_class"] as? [[String: Any]])?.count == 3)
            #expect((scores["boundary_f1"] as? Double).map { (0...1).contains($0) } == true)
            #expect(try place.text("run/confusion_matrix.csv").hasPrefix("true\\predicted,ground,disc,bar\n"))
            #expect(try place.text("run/README.md").contains("pipeline_tag: image-segmentation"))

            let predicted = try Command.run(
                ["predict", "run", "data/validation/0.jpg", "data/validation/1.jpg", "--output", "masks", "--json"], in: place.path)
            try #require(predicted.status == 0, "\(predicted.errors)")
            let lines = try predicted.objects()
            #expect(lines.count == 2 && lines[0]["labels"] as? [String] == ["ground", "disc", "bar"])
            #expect((lines[0]["shares"] as? [Double]).map { abs($0.reduce(0, +) - 1) < 1e-9 } == true)
            let mask = try Image.decodingIndices(place.bytes("masks/0.png"))
            #expect(mask.width == 48 && mask.height == 40 && mask.pixels.allSatisfy { $0 < 3 })
            let overlay = try Image(decoding: place.bytes("masks/0_overlay.jpg"))
            #expect(overlay.width == 48 && overlay.height >= 40)
            // Windows, scales and the mirror image leave most pixels as they were.
            let other = try Command.run(
                ["predict", "run", "data/validation/0.jpg", "--output", "other", "--scales", "1,1.25", "--flip"], in: place.path)
            try #require(other.status == 0, "\(other.errors)")
            let again = try Image.decodingIndices(place.bytes("other/0.png"))
            #expect(zip(again.pixels, mask.pixels).count { $0 == $1 } > 48 * 40 * 3 / 4)
        }

        @Test("Training goes on from a model of the same classes, and starts fresh heads for others")
        func transfer() throws {
            let place = try prepare()
            try #require(Command.run(Self.arguments("first", epochs: 1), in: place.path).status == 0)
            let more = try Command.run(Self.arguments("more", epochs: 1, ["--model", "first"]), in: place.path)
            #expect(more.status == 0, "\(more.errors)")
            let other = try Command.run(
                Self.arguments("other", epochs: 1, ["--pretrained", "first", "-p", "num_classes=5"]), in: place.path)
            #expect(other.status == 0, "\(other.errors)")
            let wrong = try Command.run(Self.arguments("wrong", epochs: 1, ["--model", "first", "-p", "algorithm=psp"]), in: place.path)
            #expect(wrong.status == 1 && wrong.errors.contains("Set algorithm to fcn."))
        }

        @Test(
            "A mask of another size, of colours, of 16 bits, with a class that there is not, and a missing one are named",
            arguments: ["size", "colours", "depth", "class", "missing"])
        func faults(kind: String) throws {
            let place = try prepare(8)
            let mask = "data/train_annotation/5.png"
            let words: [String]
            switch kind {
            case "size":
                try place.write(Image(width: 48, height: 41, filledWith: [0]).encodedPNG(), to: mask)
                words = ["5.png", "48×41", "48×40", "5.jpg"]
            case "colours":
                try place.write(Image(width: 48, height: 40, filledWith: [1, 2, 3]).encodedPNG(), to: mask)
                words = ["5.png", "colours, not class ids"]
            case "depth":
                // The header's ninth byte is the depth.
                var bytes = try [UInt8](Image(width: 48, height: 40, filledWith: [0]).encodedPNG())
                bytes[24] = 16
                try place.write(bytes, to: mask)
                words = ["5.png", "16 bits a pixel"]
            case "class":
                try place.write(Image(width: 48, height: 40, filledWith: [3]).encodedPNG(), to: mask)
                words = ["5.png", "1920 of its pixels have class 3", "num_classes is 3"]
            default:
                try FileManager.default.removeItem(atPath: place.path + "/" + mask)
                words = ["train/5.jpg", "the picture has no mask"]
            }
            let result = try Command.run(Self.arguments("run"), in: place.path)
            #expect(result.status == 1)
            for word in words { #expect(result.errors.contains(word), "'\(word)' in: \(result.errors)") }
            #expect(!place.exists("run"))
            // The check finds them, too, as errors.
            let checked = try Command.run(["check", "segmentation", "--train", "data", "-p", "num_classes=3"], in: place.path)
            #expect(checked.status == 1 && checked.output.contains(kind == "missing" ? "5.jpg" : "5.png"), "\(checked.output)")
        }

        @Test("A picture without any labelled pixel is trained on and counts for nothing")
        func holes() throws {
            let place = try prepare(8)
            for number in 0..<8 {
                try place.write(Image(width: 48, height: 40, filledWith: [255]).encodedPNG(), to: "data/train_annotation/\(number).png")
            }
            let result = try Command.run(Self.arguments("run", epochs: 1), in: place.path)
            try #require(result.status == 0, "\(result.errors)")
            let epoch = try #require(try result.objects().first { $0["event"] as? String == "epoch" })
            #expect((epoch["train"] as? [String: Any])?["loss"] as? Double == 0, "\(epoch)")
        }

        @Test("Wrong hyperparameters and options are told at once, with status 2")
        func usage() throws {
            let place = try prepare(4)
            let result = try Command.run(Self.arguments("run", ["-p", "algorithm=fcnn", "-p", "lr_scheduler=step"]), in: place.path)
            #expect(result.status == 2)
            #expect(result.errors.contains("did you mean 'fcn'?") && result.errors.contains("lr_scheduler_step is not given"))
            #expect(try Command.run(["train", "segmentation", "--help"], in: place.path).output.contains("validation_mini_batch_size"))
        }
    }
}
