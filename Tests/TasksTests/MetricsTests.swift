import Tasks
import Testing
import Torch

@Suite(.serialized)
struct MetricsTests {
    @Test("Accuracy, top-k and the confusion matrix count every image once")
    func single() throws {
        var metrics = ClassificationMetrics(classCount: 3, multiLabel: false, topK: 2)
        let logits = try Tensor([3, 2, 1, 1, 3, 2, 2, 1, 3, 3, 2, 1] as [Float], shape: [4, 3])
        try metrics.add(logits: logits, classes: [0, 2, 2, 2], loss: 0.5)
        #expect(metrics.count == 4)
        #expect(metrics.confusion == [[1, 0, 0], [0, 0, 0], [1, 1, 1]])
        #expect(metrics.accuracy == 0.5)
        #expect(metrics.values.first { $0.name == "top_k_accuracy_2" }?.value == 0.75)
        #expect(metrics.perClass[2].recall == 1.0 / 3)
        #expect(metrics.perClass[0].precision == 0.5)
        #expect(metrics.perClass[1].recall == 0)
    }

    @Test("Multi-label accuracy is the share of right (image, class) pairs")
    func multi() throws {
        var metrics = ClassificationMetrics(classCount: 2, multiLabel: true, topK: nil)
        let logits = try Tensor([5, -5, 5, 5] as [Float], shape: [2, 2])
        try metrics.add(logits: logits, targets: Tensor([1, 0, 0, 1] as [Float], shape: [2, 2]), loss: 1)
        #expect(metrics.accuracy == 0.75)
    }
}
