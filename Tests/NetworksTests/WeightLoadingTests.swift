import Foundation
import Networks
import Testing
import Torch
import Weights

@Suite(.serialized)
struct WeightLoadingTests {
    @Test("Weights that were written are read back bit for bit into another network")
    func roundTrip() throws {
        let path = NSTemporaryDirectory() + "sightline-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let first = try CIFARResNet(depth: 20, classes: 4, seed: 1)
        let second = try CIFARResNet(depth: 20, classes: 4, seed: 2)
        try SafeTensors.write(first.weightArrays(), to: path)
        try second.load(SafeTensors.read(path), source: path)
        for (a, b) in zip(first.namedTensors, second.namedTensors) {
            #expect(try a.tensor.bytes() == b.tensor.bytes(), "\(a.name)")
        }
    }

    @Test("Weights of another network are refused with what is missing, and nothing is copied")
    func misfit() throws {
        let source = try WeightDictionary(CIFARResNet(depth: 20, classes: 4).weightArrays())
        let network = try CIFARResNet(depth: 32, classes: 4, seed: 3)
        let before = try network.namedTensors[0].tensor.bytes()
        let error = #expect(throws: NetworkError.self) { try network.load(source, source: "a.safetensors") }
        #expect(error?.description.contains("a.safetensors does not fit") == true)
        #expect(error?.description.contains("it lacks layer1.3.conv1.weight") == true)
        #expect(error?.description.contains("num_layers") == true)
        #expect(try network.namedTensors[0].tensor.bytes() == before)
    }

    @Test("In transfer learning the last layer keeps its fresh weights, whatever the number of classes was")
    func transfer() throws {
        let source = try CIFARResNet(depth: 20, classes: 10, seed: 1)
        let network = try CIFARResNet(depth: 20, classes: 2, seed: 2)
        let last = try network.namedTensors.suffix(2).map { try $0.tensor.bytes() }
        try network.load(WeightDictionary(source.weightArrays()), fresh: [CIFARResNet.lastLayer], source: "a")
        #expect(try network.namedTensors.suffix(2).map { try $0.tensor.bytes() } == last)
        #expect(try network.namedTensors[0].tensor.bytes() == source.namedTensors[0].tensor.bytes())
    }

    @Test("The network is told by the names and shapes of its weights", arguments: [20, 56, 18, 34, 50, 101])
    func architecture(depth: Int) throws {
        let made = try ClassificationArchitecture(depth: depth, classes: 7)
        let found = try ClassificationArchitecture(of: WeightDictionary(made.makeNetwork().weightArrays()), source: "a")
        #expect(found == made)
        #expect(try ClassificationArchitecture(name: made.name, classes: 7, channels: 3) == made)
    }

    @Test("The same seed gives the same network, another seed another")
    func seeds() throws {
        let weights = try [1, 1, 2].map { try CIFARResNet(depth: 20, classes: 4, seed: $0).namedTensors[0].tensor.bytes() }
        #expect(weights[0] == weights[1])
        #expect(weights[0] != weights[2])
    }
}
