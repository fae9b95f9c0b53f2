import Networks
import Weights

extension InitialWeights {
    /// Fills a segmentation network. Transfer takes such a network's weights but for the scores of its classes, or a classifier's into the
    /// backbone.
    func fill(_ network: any SegmentationNetwork, architecture: SegmentationArchitecture) throws {
        switch self {
        case .random: return
        case .transfer(let weights, let source):
            guard let found = try? SegmentationArchitecture(of: weights, source: source) else {
                return try architecture.loadBackbone(network, from: weights, source: source)
            }
            // Another head on the same backbone: what they share is the backbone.
            guard found.backbone == architecture.backbone, found.algorithm == architecture.algorithm else {
                return try architecture.loadBackbone(network, from: weights, source: source)
            }
            let fresh = found.classes == architecture.classes ? [] : architecture.classHeads
            try network.load(weights, fresh: fresh + freshAuxiliary(weights), source: source)
        case .incremental(let description, let weights, let source):
            if let description, description.task != "segmentation" {
                throw TaskError("\(source) is a model of \(description.task), not of segmentation.")
            }
            let found = try SegmentationArchitecture(of: weights, source: source)
            guard found.algorithm == architecture.algorithm else {
                throw TaskError(
                    "\(source) is a model of algorithm \(found.algorithm.rawValue) and algorithm is \(architecture.algorithm.rawValue). Set algorithm to \(found.algorithm.rawValue)."
                )
            }
            guard found.backbone == architecture.backbone else {
                throw TaskError(
                    "\(source) has the backbone \(found.backbone) and backbone is \(architecture.backbone). Set backbone to \(found.backbone)."
                )
            }
            guard found.classes == architecture.classes else {
                throw TaskError(
                    "\(source) has \(found.classes) classes and the data have \(architecture.classes). Use data with the same classes, or --pretrained \(source), which starts fresh class scores."
                )
            }
            try network.load(weights, fresh: freshAuxiliary(weights), source: source)
        }
    }

    /// Weights that come without an auxiliary head leave it as it is.
    private func freshAuxiliary(_ weights: WeightDictionary) -> [String] {
        SegmentationArchitecture.hasAuxiliary(weights) ? [] : [SegmentationArchitecture.auxiliaryHead]
    }
}
