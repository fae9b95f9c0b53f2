import Datasets
import Foundation
import Tasks
import Testing
import Torch
import Weights

/// The published CIFAR-10 networks on real test images, against what PyTorch measured (`shared/data/pretrained/README.md`).
private enum RealData {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("shared/data").path

    static let exists = FileManager.default.fileExists(atPath: folder + "/pretrained/reference_outputs.json")

    struct Reference: Decodable {
        struct Network: Decodable { let logitsFirst5TestImages: [[Double]] }
        let cifar10Resnets: [String: Network]
    }

    static func logits(_ network: String) throws -> [Double] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/pretrained/reference_outputs.json"))
        return try #require(try decoder.decode(Reference.self, from: data).cifar10Resnets[network]).logitsFirst5TestImages.flatMap { $0 }
    }
}

// Skipped where the data are not beside the repository: they are not committed.
@Suite(.serialized, .enabled(if: RealData.exists))
struct PretrainedCIFARTests {
    @Test(
        "Imported weights find as many of the 5,000 test images as PyTorch does, within 5, and give its logits",
        arguments: [
            ("cifar10_resnet20-12fca82f.th", 4570), ("cifar10_resnet20.safetensors", 4570), ("cifar10_resnet32-d509ac18.th", 4640),
            ("cifar10_resnet44-014dd654.th", 4650), ("cifar10_resnet56-4bfd9763.th", 4664), ("cifar10_resnet56.safetensors", 4664),
        ])
    func accuracy(file: String, right: Int) throws {
        let predictor = try ClassificationPredictor(RealData.folder + "/pretrained/" + file, device: .cpu)
        let dataset = try ClassificationDataset(channel: RealData.folder + "/cifar10", split: .validation)
        let metrics = try predictor.evaluate(dataset, batchSize: 250)
        #expect(metrics.count == 5000)
        #expect(abs(metrics.hits - right) <= 5, "\(metrics.hits) of 5000 are right")

        let builder = ClassificationBatchBuilder(
            dataset: dataset, transform: ClassificationTransform(predictor.description.preprocessing))
        let batch = try builder.makeBatch(count: 5)
        for index in 0..<5 { try builder.fill(batch, slot: index, index: index, epoch: 0) }
        let input = predictor.description.preprocessing
        let logits = try withInference {
            try predictor.logits(batch.input(mean: input.mean, std: input.std, dtype: .float32, device: .cpu)).elements(as: Double.self)
        }
        let name = String(file.dropFirst("cifar10_".count).prefix("resnet20".count))
        for (value, truth) in zip(logits, try RealData.logits(name)) { #expect(abs(value - truth) < 0.001) }
    }
}
