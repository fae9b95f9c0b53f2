import Foundation
import Testing

extension Acceptance {
    /// Jobs with several hosts, or several processes on one.
    @Suite("Containers that train together")
    struct ContainerRanksTests {
        /// Two names of this machine, which stand for two hosts.
        private static let hosts = ["localhost", "127.0.0.1"]

        private static func set(_ job: inout Platform, processes: Int? = nil) {
            // Jobs that run at the same time meet at different ports.
            var environment = ["OMP_NUM_THREADS": "1", "MASTER_PORT": "\(Int.random(in: 20_000..<32_000))"]
            environment["SIGHTLINE_PROCESSES"] = processes.map { "\($0)" }
            job.set("environment", environment)
        }

        /// Small steps, in which rounding does not grow, and the whole mini-batch's statistics.
        private static func segmentation(batch: Int) throws -> Platform {
            var job = try ContainerTests.segmentation()
            for (name, value) in [
                "syncbn": "True", "precision_dtype": "float32", "learning_rate": "0.00002", "mini_batch_size": "\(batch)",
            ] {
                job.set(name, to: value)
            }
            job.set("metrics", PublishedMetrics.segmentation)
            return job
        }

        private static func photos(epochs: Int) throws -> Platform {
            var job = try ContainerTests.classification(epochs: epochs)
            job.set("early_stopping", to: nil)
            for half in ["train", "validation"] { job.channel(half, "photos", ["ContentType": "application/x-image"]) }
            job.set("metrics", PublishedMetrics.classification)
            return job
        }

        private func expect(_ found: [Double]?, near truth: [Double]?, _ name: String, tolerance: Double) throws {
            let (found, truth) = try (#require(found), #require(truth))
            #expect(found.count == 2 && truth.count == 2, "\(name): \(found), alone \(truth)")
            for (value, expected) in zip(found, truth) { #expect(abs(value - expected) <= tolerance, "\(name): \(found), alone \(truth)") }
        }

        @Test("Two hosts train the model of one with twice the mini-batch; the first alone leaves it and tells of it")
        func hosts() throws {
            var alone = try Self.segmentation(batch: 4)
            for name in ["train", "validation", "train_annotation", "validation_annotation"] { alone.channel(name, "data/" + name) }
            let single = try alone.run()
            try #require(single.runs.first?.status == 0, "\(single.runs.first?.text ?? "")")

            var job = alone
            job.set("mini_batch_size", to: 2)
            Self.set(&job)
            let results = try job.run(hosts: Self.hosts)
            for result in results { #expect(result.runs.map(\.status) == [0] && result.runs.first?.failure == nil, "\(result.runs)") }
            try expect(results[0].metrics["train:loss"], near: single.metrics["train:loss"], "loss", tolerance: 1e-4)
            try expect(results[0].metrics["validation:mIOU"], near: single.metrics["validation:mIOU"], "mIOU", tolerance: 5e-3)
            #expect(results[0].metrics["train:progress"] == [50, 100])
            #expect(results[0].model == ["model.json", "model.safetensors"] && results[0].output.contains("results.csv"))
            #expect(results[1].model.isEmpty && results[1].output.isEmpty && results[1].metrics.values.allSatisfy(\.isEmpty))
        }

        @Test("Two processes of a host each get all that comes through its pipe, and train the model of one")
        func pipes() throws {
            var job = try Self.segmentation(batch: 4)
            let lines = (0..<16).map { #"{"source-ref": "data/train/\#($0).jpg", "mask-ref": "data/train_annotation/\#($0).png"}"# + "\n" }
            try job.place.write(lines.joined().utf8, to: "train.manifest")
            let fields: [String: Any] = [
                "ContentType": "application/x-recordio", "TrainingInputMode": "Pipe", "RecordWrapperType": "RecordIO",
                "S3DataType": "AugmentedManifestFile", "AttributeNames": ["source-ref", "mask-ref"],
            ]
            for half in ["train", "validation"] { job.channel(half, "train.manifest", fields) }
            let single = try job.run()
            try #require(single.runs.first?.status == 0, "\(single.runs.first?.text ?? "")")
            Self.set(&job, processes: 2)
            let shared = try job.run()
            #expect(shared.runs.map(\.status) == [0], "\(shared.runs)")
            #expect(shared.runs.first?.text.contains("Processes: 2 on this host, 2 in all.") == true)
            try expect(shared.metrics["train:loss"], near: single.metrics["train:loss"], "loss", tolerance: 1e-4)
            try expect(shared.metrics["validation:mIOU"], near: single.metrics["validation:mIOU"], "mIOU", tolerance: 5e-3)
            #expect(shared.model == single.model && shared.output == single.output)
        }

        @Test("SIGTERM to two processes saves the state and gives 143; three go on from there, and no epoch is told of twice")
        func stopped() throws {
            var job = try Self.photos(epochs: 4)
            job.set("mini_batch_size", to: 4)
            job.set("checkpoints", true)
            Self.set(&job, processes: 2)
            job.set("stop", #"Epoch\[0\] Train-accuracy"#)
            job.set("restart", ["environment": ["OMP_NUM_THREADS": "1", "SIGHTLINE_PROCESSES": "3"]])
            let result = try job.run()
            try #require(result.runs.count == 2)
            #expect(result.runs[0].status == 143 && result.runs[0].failure == nil, "\(result.runs[0].text)")
            #expect(try #require(result.runs[0].stopping) < 30)
            #expect(result.runs[1].status == 0, "\(result.runs[1].text)")
            #expect(result.runs[1].text.contains("Checkpoint found: training goes on in epoch "))
            #expect(result.metrics["validation:accuracy"]?.count == 4)
        }

        @Test("What is wrong on one host is the failure of both")
        func broken() throws {
            var job = try Self.photos(epochs: 1)
            try job.place.writeFolders("damaged", perClass: 12)
            try job.place.write(job.place.bytes("damaged/rows/3.png").prefix(40), to: "damaged/rows/3.png")
            Self.set(&job)
            job.channel("train", nil, ["ContentType": "application/x-image"])
            job.set(
                "channels",
                [
                    "train": ["source": ["localhost": job.place.path + "/photos", "127.0.0.1": job.place.path + "/damaged"]]
                ])
            for result in try job.run(hosts: Self.hosts) {
                let run = try #require(result.runs.first)
                #expect(run.status == 1)
                #expect(run.failure?.hasPrefix("ClientError: ") == true && run.failure?.contains("rows/3.png") == true, "\(run)")
                #expect(run.failure?.contains("has failed") == (run.failure?.contains("Rank 1 of 2 on 127.0.0.1") == true))
                #expect(result.model.isEmpty)
            }
        }

        @Test("Hosts with different numbers of objects take equal steps and end together; other classes on one of them are refused")
        func sharded() throws {
            var job = try Self.photos(epochs: 2)
            // 28 pictures on one host and 20 on the other, of 48 in all.
            for index in 0..<48 {
                let name = "\(Workspace.classes[index % 4])/\(index).png"
                try job.place.write(job.place.bytes("photos/" + name), to: (index < 28 ? "more/" : "less/") + name)
            }
            Self.set(&job)
            job.set("mini_batch_size", to: 3)
            job.set("lr_scheduler_step", to: "1")
            job.set("checkpoints", true)
            let fields: [String: Any] = [
                "S3DistributionType": "ShardedByS3Key", "ContentType": "application/x-image",
                "source": ["localhost": job.place.path + "/more", "127.0.0.1": job.place.path + "/less"],
            ]
            job.set("channels", ["train": fields, "validation": fields])
            let results = try job.run(hosts: Self.hosts)
            for result in results { #expect(result.runs.map(\.status) == [0], "\(result.runs)") }
            #expect(results[0].metrics["validation:accuracy"]?.count == 2)
            // As many as the host with 20 pictures has: 6 steps an epoch of 3 for each host.
            let header = try String(
                decoding: job.place.bytes("ml/localhost/checkpoints/checkpoint.safetensors").prefix(100_000), as: UTF8.self)
            #expect(header.contains(#"\"updates\":12,"#) || header.contains(#"\"updates\":12}"#), "\(header.prefix(500))")

            // Where one host has pictures of a class that the other has none of, they would number them differently.
            try job.place.write(job.place.bytes("photos/rows/3.png"), to: "less/wheels/3.png")
            job.set("num_classes", to: nil)
            for result in try job.run(hosts: Self.hosts) {
                let run = try #require(result.runs.first)
                #expect(run.status == 1)
                #expect(run.failure?.contains("Rank 1 of 2 on 127.0.0.1 has classes bars, dark, light, rows, wheels") == true, "\(run)")
            }
        }
    }
}
