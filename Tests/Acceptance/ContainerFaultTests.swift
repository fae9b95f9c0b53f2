import Foundation
import Testing

extension Acceptance {
    @Suite("A container with a user's mistakes")
    struct ContainerFaultTests {
        @Test(
            "Every mistake ends in output/failure with ClientError, the file, the value and the remedy", arguments: Mistake.classification)
        func classification(mistake: Mistake) throws {
            var job = try ContainerTests.classification(epochs: 1)
            for half in ["train", "validation"] {
                job.channel(half, "photos", ["ContentType": "application/x-image"])
                job.channel(half + "_lst", "lists", ["ContentType": "application/x-image"])
            }
            try mistake.make(&job)
            let isDevice = mistake.words == ["abacus"]
            try expectRefusal(job.run(isDevice ? ["container", "train", "--device", "abacus"] : []), mistake)
        }

        @Test("Detection's mistakes end in output/failure, too", arguments: Mistake.detection)
        func detection(mistake: Mistake) throws {
            var job = try ContainerTests.detection()
            for name in ["train", "validation", "train_annotation", "validation_annotation"] { job.channel(name, "shapes/" + name) }
            try mistake.make(&job)
            try expectRefusal(job.run(), mistake)
        }

        @Test("Segmentation's mistakes end in output/failure, too", arguments: Mistake.segmentation)
        func segmentation(mistake: Mistake) throws {
            var job = try ContainerTests.segmentation()
            for name in ["train", "validation", "train_annotation", "validation_annotation"] { job.channel(name, "data/" + name) }
            try mistake.make(&job)
            try expectRefusal(job.run(), mistake)
        }

        private func expectRefusal(_ result: Platform.Result, _ mistake: Mistake) throws {
            let run = try #require(result.runs.first)
            #expect(run.status == 1, "\(run.text)")
            let failure = run.failure ?? ""
            #expect(failure.hasPrefix("ClientError: "), "\(failure)\n\(run.text)")
            for word in mistake.words { #expect(failure.prefix(1024).contains(word), "'\(word)' in: \(failure)") }
            #expect(run.log.contains { $0.contains("Customer Error: ") })
            #expect(result.model.isEmpty)
        }
    }
}
