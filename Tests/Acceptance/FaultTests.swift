import Foundation
import Imaging
import Testing

extension Acceptance {
    @Suite("Faults of data and settings")
    struct FaultTests {
        private func train(_ place: Workspace, _ arguments: [String]) throws -> Command.Result {
            try Command.run(
                ["train", "classification", "--output", "run", "-p", "num_layers=20", "-p", "epochs=1", "-p", "mini_batch_size=4"]
                    + arguments,
                in: place.path)
        }

        /// One message that has all the words, a status that is not 0, and nothing that looks like a model.
        private func expectRefusal(_ result: Command.Result, _ place: Workspace, status: Int32 = 1, _ words: [String]) {
            #expect(result.status == status)
            #expect(result.errors.components(separatedBy: "sightline: error: ").count == 2, "\(result.errors)")
            for word in words { #expect(result.errors.contains(word), "'\(word)' in: \(result.errors)") }
            #expect(!place.exists("run"))
        }

        @Test("A wrong hyperparameter's right name is given, all faults at once, status 2")
        func hyperparameters() throws {
            let place = try Workspace()
            let result = try train(place, ["--train", "data", "-p", "learnin_rate=0.1", "-p", "optimizer=sdg", "-p", "momentum=2"])
            expectRefusal(
                result, place, status: 2, ["'learnin_rate'", "did you mean 'learning_rate'?", "did you mean 'sgd'?", "momentum is '2'"])
        }

        @Test("A folder that is not there is named")
        func missingFolder() throws {
            let place = try Workspace()
            expectRefusal(
                try train(place, ["--train", "no/such/folder"]), place, ["no/such/folder", "no such file or folder", "check the path"])
        }

        @Test("A JPEG that is cut off is named, and what to do")
        func truncated() throws {
            let place = try Workspace()
            try place.writeFolders("photos", perClass: 2)
            let jpeg = try Image(width: 64, height: 64, channels: 3, pixels: (0..<64 * 64 * 3).map { UInt8($0 * 7 % 251) }).encodedJPEG()
            try place.write(jpeg.prefix(jpeg.count / 2), to: "photos/dark/half.jpg")
            expectRefusal(try train(place, ["--train", "photos"]), place, ["photos/dark/half.jpg"])
        }

        @Test("A text that is called .jpg is named, and --skip-unreadable goes on without it")
        func text() throws {
            let place = try Workspace()
            try place.writeFolders("photos", perClass: 2)
            try place.write(Array("this is no picture".utf8), to: "photos/light/note.jpg")
            expectRefusal(try train(place, ["--train", "photos"]), place, ["photos/light/note.jpg"])
            let result = try train(place, ["--train", "photos", "--skip-unreadable", "1", "--json"])
            #expect(result.status == 0, "\(result.errors)")
            let skipped = try result.objects().first { $0["event"] as? String == "skipped" }
            #expect(skipped?["count"] as? Int == 1)
            #expect((skipped?["reasons"] as? [String])?.first?.contains("note.jpg") == true)
        }

        @Test("A label out of range is named with its line")
        func label() throws {
            let place = try Workspace()
            try place.writeFolders("photos", perClass: 1)
            try place.write(Array("0\t0\tbars/0.png\n1\t1\tdark/1.png\n2\t7\tlight/2.png\n".utf8), to: "photos.lst")
            let result = try train(place, ["--train", "photos", "--train-lst", "photos.lst", "-p", "num_classes=4"])
            expectRefusal(result, place, ["photos.lst:3", "7", "num_classes"])
        }

        @Test("What would surprise later is refused at once: a setting without a value, masks as classes, a run in its own data")
        func surprises() throws {
            let place = try Workspace()
            try place.writeFolders("photos", perClass: 2)
            expectRefusal(try train(place, ["--train", "photos", "-p", "momentum="]), place, status: 2, ["-p momentum= gives no value"])
            try place.writeShapes("data", channel: "train", [[.init(classID: 0, left: 4, top: 4, width: 20, height: 20)]])
            expectRefusal(try train(place, ["--train", "data"]), place, ["'train' and 'train_annotation' are no classes", "detection"])
            let half = try Command.run(["check", "--train", "data/train"], in: place.path)
            #expect(half.errors.contains("give the folder above") || half.output.contains("give the folder above"), "\(half)")
            let info = try Command.run(["info", "data"], in: place.path)
            #expect(info.status == 0 && info.output.contains("detection"), "\(info)")
            let inside = try Command.run(
                ["train", "classification", "--train", "photos", "--output", "photos/run", "--json"], in: place.path)
            #expect(inside.status == 2 && inside.errors.contains("would be a class of it") && !place.exists("photos/run"), "\(inside)")
        }

        @Test("A program that reads along hears why a run failed")
        func failedEvent() throws {
            let place = try Workspace()
            try place.writeFolders("photos", perClass: 2)
            try place.write(Array("this is no picture".utf8), to: "photos/light/note.jpg")
            let result = try train(place, ["--train", "photos", "--json"])
            #expect(result.status == 1 && result.errors.contains("--skip-unreadable"))
            let last = try #require(try result.objects().last)
            #expect(last["event"] as? String == "failed" && (last["error"] as? String)?.contains("note.jpg") == true)
        }

        @Test("The settings that a run has recorded train on other data, too")
        func recordedSettings() throws {
            let place = try Workspace()
            try place.writeFolders("photos", perClass: 2)
            try place.writeFolders("more", perClass: 3)
            #expect(try train(place, ["--train", "photos"]).status == 0)
            let again = try Command.run(
                ["train", "classification", "--hyperparameters", "run/hyperparameters.json", "--train", "more", "--output", "again"],
                in: place.path)
            #expect(again.status == 0, "\(again.errors)")
        }

        @Test("A setting that differs from the data is refused with both numbers")
        func sampleCount() throws {
            let place = try Workspace()
            try place.writeFolders("photos", perClass: 2)
            expectRefusal(
                try train(place, ["--train", "photos", "-p", "num_training_samples=9"]), place, ["9", "8", "num_training_samples"])
        }

        @Test("A device that is not there is named")
        func device() throws {
            let place = try Workspace()
            try place.writeFolders("photos", perClass: 1)
            expectRefusal(try train(place, ["--train", "photos", "--device", "abacus"]), place, ["abacus", "auto, cpu, cuda"])
        }
    }
}
