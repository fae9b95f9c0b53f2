import Foundation
import Testing

extension Acceptance {
    @Suite("A container on the platform")
    struct ContainerTests {
        // MARK: Jobs

        /// Small pictures of four classes in every form, and a job about them.
        static func classification(epochs: Int = 2) throws -> Platform {
            let place = try Workspace()
            try place.writeFolders("photos", perClass: 12)
            var lines = ""
            for index in 0..<48 { lines += "\(index)\t\(index % 4)\t\(Workspace.classes[index % 4])/\(index).png\n" }
            try place.write(lines.utf8, to: "lists/photos.lst")
            var job = Platform(
                place,
                [
                    "num_classes": 4, "num_training_samples": 48, "num_layers": 20, "image_shape": "3,32,32", "epochs": epochs,
                    "mini_batch_size": 2, "learning_rate": 0.01, "early_stopping": true, "top_k": 2, "use_pretrained_model": 0,
                    "_tuning_objective_metric": "validation:accuracy", "optimizer": "\"sgd\"",
                ])
            // Pictures as small as these gain nothing from a second thread, and lose much where it must wait for a core.
            job.set("environment", ["OMP_NUM_THREADS": "1"])
            return job
        }

        private static func images(_ job: inout Platform) {
            for half in ["train", "validation"] {
                job.channel(half, "photos", ["ContentType": "application/x-image"])
                job.channel(half + "_lst", "lists", ["ContentType": "application/x-image"])
            }
        }

        static func detection() throws -> Platform {
            let place = try Workspace()
            let shapes = (0..<6).map { [Workspace.Object(classID: $0 % 2, left: 8 + $0, top: 10, width: 30, height: 24)] }
            try place.writeShapes("shapes", channel: "train", shapes)
            try place.writeShapes("shapes", channel: "validation", Array(shapes.prefix(2)))
            return Platform(
                place,
                [
                    "num_classes": 2, "num_training_samples": 6, "base_network": "resnet-18", "use_pretrained_model": 0, "epochs": 2,
                    "mini_batch_size": 2, "image_shape": 300, "lr_scheduler_step": "1", "_tuning_objective_metric": "validation:mAP",
                ])
        }

        static func segmentation() throws -> Platform {
            let place = try Workspace()
            try place.writeMasks("train", count: 16, in: "data")
            try place.writeMasks("validation", count: 3, in: "data")
            return Platform(
                place,
                [
                    "num_classes": 3, "num_training_samples": 16, "backbone": "resnet-18", "algorithm": "fcn",
                    "use_pretrained_model": false, "crop_size": 32, "base_size": 48, "epochs": 2, "mini_batch_size": 4,
                    "learning_rate": 0.02, "lr_scheduler": "poly",
                ])
        }

        /// A manifest of pictures and their labels beside the data, `label` giving each line's second attribute.
        private func writeManifest(_ place: Workspace, _ name: String, _ lines: [(picture: String, label: String)], attribute: String)
            throws
        {
            let text = lines.map { "{\"source-ref\": \"\($0.picture)\", \"\(attribute)\": \($0.label)}\n" }.joined()
            try place.write(text.utf8, to: name)
        }

        /// A job that has done all it was to do.
        private func expectSuccess(_ result: Platform.Result, _ job: Platform) {
            for run in result.runs {
                #expect(run.status == 0, "\(run.text)")
                #expect(run.failure == nil)
                #expect(run.log.first == "Docker entrypoint called with argument(s): train")
            }
            #expect(result.model == ["model.json", "model.safetensors"])
            #expect(result.output.contains("results.csv") && result.output.contains("README.md"))
        }

        private func expect(_ found: [Double]?, near truth: [Double], _ name: String, tolerance: Double = 1e-5) {
            guard let found, found.count == truth.count else {
                Issue.record("\(name): \(String(describing: found)), not \(truth)")
                return
            }
            for (value, expected) in zip(found, truth) { #expect(abs(value - expected) <= tolerance, "\(name)") }
        }

        // MARK: Classification

        @Test("Classification, images with lists in File mode: the model, the reports and the metrics of the log")
        func classificationFiles() throws {
            var job = try Self.classification()
            Self.images(&job)
            job.set("metrics", PublishedMetrics.classification)
            let result = try job.run()
            expectSuccess(result, job)
            let log = try #require(result.runs.first).text
            expect(result.metrics["train:accuracy:epoch"], near: try job.results("train/accuracy"), "train accuracy")
            expect(result.metrics["validation:accuracy"], near: try job.results("validation/accuracy"), "validation accuracy")
            // 24 batches an epoch: one line for each.
            #expect(result.metrics["train:accuracy"]?.count == 2)
            #expect(log.contains("Train-top_k_accuracy_2=") && log.contains("Time cost="))
            #expect(log.contains("Saved checkpoint to \"\(job.place.path)/ml/model/model.safetensors\""))
            #expect(log.contains("Checkpoint loading and saving are disabled."))
            #expect(result.output.contains("confusion_matrix.csv"))

            // The artifact is a model for every other command.
            let predicted = try Command.run(["predict", "ml/model", "photos/light/2.png", "--json"], in: job.place.path)
            #expect(predicted.status == 0, "\(predicted.errors)")

            // Incremental training from the artifact as the platform packs it; what a prefix brings in beside it is passed over.
            let packed = Process()
            packed.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            packed.arguments = ["tar", "-czf", job.place.path + "/model.tar.gz", "-C", job.place.path + "/ml/model", "."]
            try packed.run()
            packed.waitUntilExit()
            job.channel(
                "model", "model.tar.gz",
                ["ContentType": "application/x-sagemaker-model", "prefix": ["old/notes.txt": job.place.path + "/lists/photos.lst"]])
            job.set("use_pretrained_model", to: 1)
            job.set("epochs", to: 1)
            let more = try job.run(["container", "train"])
            expectSuccess(more, job)
            #expect(try #require(more.runs.first).text.contains("Start training from the model in the model channel"))
        }

        @Test("Classification through pipes, RecordIO in one FIFO an epoch, and an augmented manifest")
        func classificationPipe() throws {
            var job = try Self.classification()
            let converted = try Command.run(["convert", "photos", "records", "--to", "recordio"], in: job.place.path)
            try #require(converted.status == 0, "\(converted.errors)")
            let fields = ["ContentType": "application/x-recordio", "TrainingInputMode": "Pipe"]
            for half in ["train", "validation"] { job.channel(half, "records/train.rec", fields) }
            job.set("metrics", PublishedMetrics.classification)
            let result = try job.run()
            expectSuccess(result, job)
            expect(result.metrics["validation:accuracy"], near: try job.results("validation/accuracy"), "validation accuracy")

            let lines = (0..<48).map { ("photos/\(Workspace.classes[$0 % 4])/\($0).png", "\"\($0 % 4)\"") }
            try writeManifest(job.place, "train.manifest", lines, attribute: "class")
            let manifest: [String: Any] = [
                "ContentType": "application/x-recordio", "TrainingInputMode": "Pipe", "RecordWrapperType": "RecordIO",
                "S3DataType": "AugmentedManifestFile", "AttributeNames": ["source-ref", "class"],
            ]
            for half in ["train", "validation"] { job.channel(half, "train.manifest", manifest) }
            job.set("epochs", to: 1)
            expectSuccess(try job.run(), job)

            // An attribute that no line has: nothing comes through the pipe.
            var wrong = manifest
            wrong["AttributeNames"] = ["image-ref", "label"]
            job.channel("train", "train.manifest", wrong)
            let failed = try #require(try job.run().runs.first)
            #expect(failed.status == 1)
            #expect(failed.failure?.hasPrefix("ClientError: ") == true, "\(failed.failure ?? failed.text)")
        }

        // MARK: Detection and segmentation

        @Test("Detection, images with JSON in FastFile mode and a manifest through a pipe: model and metrics")
        func detection() throws {
            var job = try Self.detection()
            for name in ["train", "validation", "train_annotation", "validation_annotation"] {
                job.channel(name, "shapes/" + name, ["ContentType": "image/png", "TrainingInputMode": "FastFile"])
            }
            // s3://bucket/train as a prefix of names, not of folders, brings in s3://bucket/train_annotation.
            job.channel(
                "train", "shapes/train",
                ["ContentType": "image/png", "prefix": ["train_annotation": job.place.path + "/shapes/train_annotation"]])
            job.set("metrics", PublishedMetrics.detection)
            let result = try job.run()
            expectSuccess(result, job)
            expect(result.metrics["validation:mAP"], near: try job.results("validation/mAP"), "mAP")
            expect(result.metrics["train:smooth_l1"], near: try job.results("train/smooth_l1"), "smooth_l1")
            expect(result.metrics["train:cross_entropy"], near: try job.results("train/cross_entropy"), "cross_entropy")
            expect(result.metrics["train:throughput"], near: try job.results("images_per_second"), "throughput", tolerance: 0.01)
            #expect(result.metrics["train:progress"] == [50, 100])
            let figures = try #require(result.runs.first).log.filter { $0.hasPrefix("#metrics ") }
            #expect(figures.count == 3)
            for line in figures { _ = try JSONSerialization.jsonObject(with: Data(line.dropFirst(9).utf8)) }

            var lines: [(String, String)] = []
            for index in 0..<6 {
                let text = try job.place.text("shapes/train_annotation/\(index).json").replacing("\n", with: " ")
                lines.append(("shapes/train/\(index).png", text))
            }
            try writeManifest(job.place, "train.manifest", lines, attribute: "boxes")
            let fields: [String: Any] = [
                "ContentType": "application/x-recordio", "TrainingInputMode": "Pipe", "RecordWrapperType": "RecordIO",
                "S3DataType": "AugmentedManifestFile", "AttributeNames": ["source-ref", "boxes"],
            ]
            for name in ["train_annotation", "validation_annotation"] { job.remove(name) }
            for half in ["train", "validation"] { job.channel(half, "train.manifest", fields) }
            job.set("epochs", to: 1)
            let piped = try job.run()
            expectSuccess(piped, job)
            expect(piped.metrics["validation:mAP"], near: try job.results("validation/mAP"), "mAP through a pipe")
        }

        @Test("Segmentation, masks with a label map in File mode and a manifest through a pipe: model and metrics")
        func segmentation() throws {
            var job = try Self.segmentation()
            // The notebook sets no content type.
            for name in ["train", "validation", "train_annotation", "validation_annotation"] { job.channel(name, "data/" + name) }
            job.channel("train", "data/train", ["prefix": ["train_annotation": job.place.path + "/data/train_annotation"]])
            try job.place.write(Array(#"{"map": {"0": 0, "1": 1, "2": 2}}"#.utf8), to: "map/train_label_map.json")
            job.channel("label_map", "map", ["ContentType": "application/json"])
            job.set("metrics", PublishedMetrics.segmentation)
            let result = try job.run()
            expectSuccess(result, job)
            expect(result.metrics["validation:mIOU"], near: try job.results("validation/mIOU"), "mIOU")
            expect(result.metrics["validation:pixel_accuracy"], near: try job.results("validation/pixel_accuracy"), "pixel accuracy")
            expect(result.metrics["train:loss"], near: try job.results("train/loss"), "loss")
            expect(result.metrics["train:throughput"], near: try job.results("images_per_second"), "throughput", tolerance: 0.01)
            #expect(result.metrics["validation:throughput"]?.count == 2)
            #expect(result.metrics["train:progress"] == [50, 100])

            let lines = (0..<16).map { ("data/train/\($0).jpg", "\"data/train_annotation/\($0).png\"") }
            try writeManifest(job.place, "train.manifest", lines, attribute: "mask-ref")
            let fields: [String: Any] = [
                "ContentType": "application/x-recordio", "TrainingInputMode": "Pipe", "RecordWrapperType": "RecordIO",
                "S3DataType": "AugmentedManifestFile", "AttributeNames": ["source-ref", "mask-ref"],
            ]
            for name in ["train_annotation", "validation_annotation", "label_map"] { job.remove(name) }
            for half in ["train", "validation"] { job.channel(half, "train.manifest", fields) }
            job.set("epochs", to: 1)
            let piped = try job.run()
            expectSuccess(piped, job)
            expect(piped.metrics["validation:mIOU"], near: try job.results("validation/mIOU"), "mIOU through a pipe")
        }

        // MARK: Interruptions

        @Test(
            "SIGTERM saves the state and leaves with 143; a new container with the checkpoints ends with the bits of one that ran through")
        func spot() throws {
            var whole = try Self.classification(epochs: 3)
            Self.images(&whole)
            whole.set("checkpoints", true)
            whole.set("early_stopping", to: nil)
            whole.set("mini_batch_size", to: 4)
            let through = try whole.run()
            expectSuccess(through, whole)

            // Time enough is left for the signal: two whole epochs.
            var job = try Self.classification(epochs: 3)
            Self.images(&job)
            job.set("checkpoints", true)
            job.set("early_stopping", to: nil)
            job.set("mini_batch_size", to: 4)
            job.set("stop", #"Epoch\[0\] Train-accuracy"#)
            job.set("metrics", PublishedMetrics.classification)
            let result = try job.run()
            try #require(result.runs.count == 2)
            let (stopped, resumed) = (result.runs[0], result.runs[1])
            #expect(stopped.status == 143 && stopped.failure == nil, "\(stopped.text)")
            #expect(try #require(stopped.stopping) < 30)
            #expect(resumed.status == 0, "\(resumed.text)")
            #expect(resumed.text.contains("Checkpoint found: training goes on in epoch "))
            #expect(
                try job.place.bytes("ml/checkpoints/last/model.safetensors") == whole.place.bytes("ml/checkpoints/last/model.safetensors"))
            #expect(try job.place.bytes("ml/model/model.safetensors") == whole.place.bytes("ml/model/model.safetensors"))
            #expect(result.metrics["validation:accuracy"]?.count == 3)
            #expect(result.output == through.output)
        }

        @Test("A job that is stopped in its first epoch leaves a model; a job whose run is finished already is done at once")
        func early() throws {
            var job = try Self.classification(epochs: 1)
            Self.images(&job)
            job.set("stop", "Network: ")
            job.set("restart", false)
            let stopped = try job.run()
            #expect(stopped.runs.first?.status == 143, "\(stopped.runs.first?.text ?? "")")
            #expect(stopped.model == ["model.json", "model.safetensors"])
            #expect(try Command.run(["info", "ml/model"], in: job.place.path).status == 0)

            job.set("checkpoints", true)
            job.set("stop", "Training finished")
            job.set("restart", true)
            let twice = try job.run()
            #expect(twice.runs.count == 2)
            expectSuccess(twice, job)
            #expect(twice.runs.last?.text.contains("is finished; its model is taken as it is") == true)
        }
    }
}
