import Networks
import Weights

extension InitialWeights {
    /// Fills a detector. Transfer takes a detector's weights but for the scores of its classes, or a classifier's into the backbone.
    func fill(_ network: any DetectionNetwork, architecture: DetectionArchitecture) throws {
        switch self {
        case .random: return
        case .transfer(let weights, let source):
            guard let found = try? DetectionArchitecture(of: weights, source: source, size: architecture.size) else {
                return try architecture.loadBackbone(network, from: weights, source: source)
            }
            try check(found, source, architecture)
            try network.load(weights, fresh: found.classes == architecture.classes ? [] : [DetectionArchitecture.classHead], source: source)
        case .incremental(let description, let weights, let source):
            if let description, description.task != "detection" {
                throw TaskError("\(source) is a model of \(description.task), not of detection.")
            }
            let found = try DetectionArchitecture(of: weights, source: source, size: architecture.size)
            try check(found, source, architecture)
            guard found.classes == architecture.classes else {
                throw TaskError(
                    "\(source) has \(found.classes) classes and the data have \(architecture.classes). Use data with the same classes, or --pretrained \(source), which starts fresh class scores."
                )
            }
            try network.load(weights, source: source)
        }
    }

    private func check(_ found: DetectionArchitecture, _ source: String, _ architecture: DetectionArchitecture) throws {
        guard found.base == architecture.base else {
            throw TaskError(
                "\(source) has the base network \(found.base) and base_network is \(architecture.base). Set base_network to \(found.base).")
        }
    }
}
