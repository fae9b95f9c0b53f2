import Foundation
import Testing
import Weights

extension Acceptance {
    @Suite("From data to predictions")
    struct RoundTripTests {
        @Test("Train, evaluate, predict and info agree about a model of IDX data")
        func idx() throws {
            let place = try Workspace()
            try place.writeIDX("train", count: 64, in: "data")
            try place.writeIDX("t10k", count: 16, in: "data")
            let training = try Command.run(
                [
                    "train", "classification", "--train", "data", "--validation", "data", "--output", "run", "-p", "num_layers=20", "-p",
                    "image_shape=1,28,28", "-p", "epochs=2", "-p", "mini_batch_size=16", "--class-names", "bars,dark,light,rows", "--json",
                    "--tensorboard",
                ], in: place.path)
            try #require(training.status == 0, "\(training.errors)")
            let events = try training.objects()
            let kinds = events.compactMap { $0["event"] as? String }
            #expect(kinds.first == "started")
            #expect(kinds.filter { $0 == "epoch" }.count == 2)
            #expect(kinds.last == "finished")
            #expect(events.first?["classes"] as? [String] == Workspace.classes)
            #expect(!training.errors.contains("\u{1B}"))

            // The header is an interface: spreadsheets and scripts read it.
            let results = try place.text("run/results.csv").split(separator: "\n")
            #expect(
                results.first
                    == "epoch,train/loss,train/accuracy,validation/accuracy,validation/loss,learning_rate,images_per_second,seconds,data_wait,peak_memory_mb"
            )
            #expect(results.count == 3)
            #expect(try place.text("run/README.md").contains("# cifar-resnet-20 for image classification"))
            #expect(try place.text("run/confusion_matrix.csv").hasPrefix("true\\predicted,bars,dark,light,rows\n"))

            #expect(try place.text("run/report.html").contains("2 epochs; best validation accuracy"))
            let scalars = try FileManager.default.contentsOfDirectory(atPath: place.path + "/run/tensorboard")
            #expect(scalars.count == 1 && scalars[0].hasPrefix("events.out.tfevents."))

            let evaluation = try Command.run(["evaluate", "run", "--data", "data", "--output", "scored", "--json"], in: place.path)
            try #require(evaluation.status == 0, "\(evaluation.errors)")
            #expect(evaluation.errors.contains("report: scored/report.html"))
            let figures = try #require(try evaluation.objects().first)
            let accuracy = try #require(figures["accuracy"] as? Double)
            #expect(figures["images"] as? Int == 16)
            let matrix = try #require(figures["confusion_matrix"] as? [[Int]])
            #expect(Double(matrix.indices.reduce(0) { $0 + matrix[$1][$1] }) / 16 == accuracy)
            #expect(matrix.map { $0.reduce(0, +) } == [4, 4, 4, 4])
            #expect(try place.text("scored/confusion_matrix.csv") == place.text("run/confusion_matrix.csv"))
            // Every mistake has a line, and, as there are few, a picture.
            let mistakes = try place.text("scored/mistakes.csv").split(separator: "\n")
            #expect(mistakes.first == "image,label,label_probability,predicted,predicted_probability")
            #expect(Double(17 - mistakes.count) / 16 == accuracy)
            #expect(try place.text("scored/report.html").components(separatedBy: "data:image/png;base64,").count == mistakes.count)
            let over = try Command.run(["evaluate", "run", "--data", "data", "--output", "run"], in: place.path)
            #expect(over.status == 2 && over.errors.contains("own report"), "\(over)")

            let prediction = try Command.run(
                ["predict", "run/model", "data/t10k-images-idx3-ubyte", "--record", "2", "--record", "5", "--json"], in: place.path)
            try #require(prediction.status == 0, "\(prediction.errors)")
            let answers = try prediction.objects()
            #expect(answers.map { $0["label"] as? String } == ["light", "dark"])
            for answer in answers {
                let probabilities = try #require(answer["prediction"] as? [Double])
                #expect(abs(probabilities.reduce(0, +) - 1) < 1e-5)
                let best = try #require(probabilities.indices.max { probabilities[$0] < probabilities[$1] })
                #expect(answer["predicted_label"] as? String == Workspace.classes[best])
            }

            let info = try #require(try Command.run(["info", "run", "--json"], in: place.path).objects().first)
            #expect(info["network"] as? String == "cifar-resnet-20")
            #expect(info["classes"] as? [String] == Workspace.classes)
            // ResNet-20 for CIFAR-10 has 269,722; grey saves two channels of the first filters, six fewer classes 65 numbers each.
            #expect(info["parameters"] as? Int == 269_722 - 16 * 9 * 2 - 6 * 65)
        }

        @Test("A folder of classes is split, trained on, and its pictures predicted; a broken one does not stop the others")
        func folders() throws {
            let place = try Workspace()
            try place.writeFolders("photos", perClass: 6)
            let training = try Command.run(
                [
                    "train", "classification", "--train", "photos", "--validation-split", "0.25", "--output", "run", "-p", "num_layers=20",
                    "-p",
                    "epochs=1", "-p", "mini_batch_size=8", "-p", "resize=32", "--quiet",
                ], in: place.path)
            try #require(training.status == 0, "\(training.errors)")
            #expect(training.output.isEmpty && training.errors.isEmpty)

            let again = try Command.run(
                [
                    "train", "classification", "--train", "photos", "--output", "next", "--model", "run", "-p", "epochs=1", "-p",
                    "mini_batch_size=8", "--dry-run", "--json",
                ], in: place.path)
            let settings = try #require(try again.objects().first)
            #expect((settings["hyperparameters"] as? [String: String])?["num_layers"] == "20")
            #expect(!place.exists("next"))

            // What was held out is found again, image by image.
            let heldOut = try Command.run(
                ["evaluate", "run", "--data", "photos", "--held-out", "--precision", "float32", "--json"], in: place.path)
            let row = try place.text("run/results.csv").split(separator: "\n")[1].split(separator: ",")
            let figures = try #require(try heldOut.objects().first, "\(heldOut.errors)")
            #expect(figures["images"] as? Int == 4 * 2)
            #expect(abs((figures["accuracy"] as? Double ?? -1) - (Double(row[3]) ?? -2)) < 0.13, "\(row)")
            try place.writeFolders("more", perClass: 9)
            let others = try Command.run(["evaluate", "run", "--data", "more", "--held-out"], in: place.path)
            #expect(others.status == 2 && others.errors.contains("was trained on 16"), "\(others)")
            let unknown = try Command.run(["evaluate", "run/model", "--data", "photos", "--held-out"], in: place.path)
            #expect(unknown.status == 2 && unknown.errors.contains("--held-out needs the run's folder"), "\(unknown)")

            let inside = try Command.run(["evaluate", "run", "--data", "photos", "--output", "photos/scored"], in: place.path)
            #expect(inside.status == 2 && inside.errors.contains("would be a class") && !place.exists("photos/scored"), "\(inside)")
            try place.write(Array("mine".utf8), to: "other/report.html")
            let other = try Command.run(["evaluate", "run", "--data", "photos", "--output", "other"], in: place.path)
            #expect(other.status == 2 && other.errors.contains("holds a report.html that no evaluation has written"), "\(other)")
            try place.write(Array("mine".utf8), to: "own/mistakes.csv")
            let own = try Command.run(["evaluate", "run", "--data", "photos", "--output", "own"], in: place.path)
            #expect(own.status == 2 && own.errors.contains("holds a mistakes.csv"), "\(own)")
            // A list of images makes no classes of folders; a second evaluation replaces the first.
            try place.write(Array("0\t0\tbars/0.png\n1\t1\tdark/1.png\n".utf8), to: "photos.lst")
            for _ in 0..<2 {
                let listed = try Command.run(
                    ["evaluate", "run", "--data", "photos", "--lst", "photos.lst", "--output", "listed"], in: place.path)
                #expect(listed.status == 0 && place.exists("listed/report.html"), "\(listed)")
            }

            let exported = try Command.run(["export", "run", "photos.onnx"], in: place.path)
            #expect(exported.status == 0 && exported.output.contains("photos.onnx: "), "\(exported.errors)")
            let repeated = try Command.run(["export", "run", "photos.onnx"], in: place.path)
            #expect(repeated.status == 1 && repeated.errors.contains("--overwrite"))
            #expect(try Command.run(["export", "run", "photos.pb"], in: place.path).status == 2)
            #expect(try Command.run(["export", "nowhere", "other.onnx"], in: place.path).status == 1 && !place.exists("other.onnx"))

            try place.write(Array("no picture".utf8), to: "photos/bars/0000.jpg")
            let prediction = try Command.run(["predict", "run", "photos", "missing.png", "--top", "2"], in: place.path)
            #expect(prediction.status == 1)
            let lines = prediction.output.split(separator: "\n")
            #expect(lines.count == 24)
            #expect(lines.first?.hasPrefix("photos/bars/0.png  ") == true)
            #expect(prediction.errors.split(separator: "\n").count == 2)
            #expect(prediction.errors.contains("photos/bars/0000.jpg"))
            #expect(prediction.errors.contains("missing.png"))
        }
    }
}
