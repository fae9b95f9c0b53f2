import Networks
import Weights

/// Where a training run's first weights come from.
public enum InitialWeights {
    /// The seed.
    case random
    /// Weights of the same network for other classes: all but the last layer are taken over (transfer learning).
    case transfer(WeightDictionary, source: String)
    /// A model of the same task: everything is taken over (incremental training).
    case incremental(ModelDescription?, WeightDictionary, source: String)

    /// Whether nothing but chance fills the network.
    var isRandom: Bool {
        if case .random = self { true } else { false }
    }

    func fill(_ network: any ClassificationNetwork, architecture: ClassificationArchitecture) throws {
        switch self {
        case .random: return
        case .transfer(let weights, let source):
            try check(weights, source, architecture, classesMatter: false)
            try network.load(weights, fresh: [architecture.lastLayer], source: source)
        case .incremental(let description, let weights, let source):
            if let description, description.task != "classification" {
                throw TaskError("\(source) is a model of \(description.task), not of classification.")
            }
            try check(weights, source, architecture, classesMatter: true)
            try network.load(weights, source: source)
        }
    }

    private func check(_ weights: WeightDictionary, _ source: String, _ architecture: ClassificationArchitecture, classesMatter: Bool)
        throws
    {
        let found = try ClassificationArchitecture(of: weights, source: source)
        guard found.depth == architecture.depth else {
            throw TaskError(
                "\(source) has \(found.depth) layers and num_layers is \(architecture.depth). Set num_layers to \(found.depth).")
        }
        guard found.channels == architecture.channels else {
            throw TaskError(
                "\(source) takes images of \(found.channels) channels and image_shape has \(architecture.channels). Change image_shape.")
        }
        guard !classesMatter || found.classes == architecture.classes else {
            throw TaskError(
                "\(source) has \(found.classes) classes and the data have \(architecture.classes). Use data with the same classes, or --pretrained \(source), which starts a fresh last layer."
            )
        }
    }
}
