import Datasets
import Networks
import Testing
import Torch

@testable import Tasks

@Suite("freeze_layer_pattern")
struct FreezingTests {
    private func task(_ pattern: String, start: InitialWeights = .random) throws -> ClassificationTask {
        let settings = try ClassificationHyperparameters([
            "num_layers": "20", "image_shape": "3,16,16", "mini_batch_size": "2", "precision_dtype": "float32",
            "freeze_layer_pattern": pattern,
        ])
        return try ClassificationTask(
            hyperparameters: settings,
            training: ClassificationDataset(
                storage: Blanks(count: 4), labels: [.single(0), .single(1), .single(0), .single(1)], classNames: ["a", "b"],
                source: "blanks"),
            validation: nil, start: start, device: .cpu)
    }

    @Test("A classifier of which all but the last layer is frozen learns that layer alone, and keeps its statistics")
    func lastLayer() throws {
        let task = try task("(?!linear)")
        #expect(task.network.learningParameters.map(\.name).sorted() == ["linear.bias", "linear.weight"])
        #expect(task.hyperparameters.resolved["freeze_layer_pattern"] == "(?!linear)")
        let before = try task.network.namedTensors.map { try $0.tensor.magnitude().sum().item() }
        let loader = try task.load(epochs: 0..<1, firstBatch: 0, workers: 1, unreadable: .fail)
        defer { loader.cancel() }
        task.network.train()
        let batch = try #require(try loader.next()).batch
        try task.step(batch).loss.backward()
        let graded = task.network.parameters.filter { $0.tensor.gradient != nil }.map(\.name).sorted()
        #expect(graded == ["linear.bias", "linear.weight"])
        #expect(try task.network.namedTensors.map { try $0.tensor.magnitude().sum().item() } == before)
    }

    @Test("Fresh weights that are frozen are remarked upon, a pattern without a match, too; one that leaves nothing is refused")
    func remarks() throws {
        #expect(try task("conv1").notes.contains { $0.contains("keeps 1 of ") && $0.contains("Nothing has trained these weights") })
        #expect(try task("layer7").notes.contains { $0.contains("matches no layer") })
        let error = #expect(throws: TaskError.self) { try task(".*") }
        #expect(error?.description.contains("nothing would be trained") == true)
    }

    @Test("A segmentation network whose backbone is frozen learns its heads")
    func heads() throws {
        let network = try SegmentationArchitecture(algorithm: .fcn, backbone: "resnet-18", classes: 2).makeNetwork(hasAuxiliary: true)
        try network.freeze(network.parameters(matching: "backbone"))
        #expect(Set(network.learningParameters.map { $0.name.split(separator: ".")[0] }) == ["classifier", "aux_classifier"])
    }
}
