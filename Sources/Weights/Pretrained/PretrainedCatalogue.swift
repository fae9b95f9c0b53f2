/// One published file of ImageNet weights.
public struct PretrainedWeights: Sendable, Equatable {
    /// Which of torchvision's training recipes made the weights.
    public enum Variant: String, Sendable, CaseIterable {
        /// `IMAGENET1K_V1`: the paper's simple recipe.
        case v1 = "V1"
        /// `IMAGENET1K_V2`: the later recipe (long schedule, label smoothing, mixup, CutMix, averaged weights).
        case v2 = "V2"
    }

    /// The network, as torchvision writes it: `resnet50`, `vgg16`.
    public let network: String
    /// The recipe.
    public let variant: Variant
    /// The file's name, which ends in the first digits of its SHA-256.
    public let file: String
    /// How an image must be prepared: side lengths in pixels, mean and deviation of RGB in 0…1 (bilinear resizing).
    public let preprocessing: PreprocessingDescription
    /// Published top-1 accuracy on ImageNet's validation set in percent, one centre crop.
    public let top1: Double

    /// Where the file is published.
    public var url: String { "https://download.pytorch.org/models/\(file)" }

    /// The digits with which the file's SHA-256 begins.
    public var hashPrefix: String {
        String(file.split(separator: "-").last?.prefix { $0 != "." } ?? "")
    }

    fileprivate init(_ network: String, _ variant: Variant, hash: String, top1: Double) {
        self.network = network
        self.variant = variant
        file = "\(network)-\(hash).pth"
        preprocessing = PreprocessingDescription(
            channels: 3, height: 224, width: 224, resizeShorterSide: variant == .v1 ? 256 : 232)
        self.top1 = top1
    }
}

/// The ImageNet weights that torchvision publishes for this package's networks (torchvision, `models/resnet.py` and
/// `models/vgg.py`: `ResNet50_Weights` and its siblings).
public enum PretrainedCatalogue {
    /// All entries, by network and variant.
    public static let entries: [PretrainedWeights] = [
        PretrainedWeights("resnet18", .v1, hash: "f37072fd", top1: 69.758),
        PretrainedWeights("resnet34", .v1, hash: "b627a593", top1: 73.314),
        PretrainedWeights("resnet50", .v1, hash: "0676ba61", top1: 76.130),
        PretrainedWeights("resnet50", .v2, hash: "11ad3fa6", top1: 80.858),
        PretrainedWeights("resnet101", .v1, hash: "63fe2227", top1: 77.374),
        PretrainedWeights("resnet101", .v2, hash: "cd907fc2", top1: 81.886),
        PretrainedWeights("resnet152", .v1, hash: "394f9c45", top1: 78.312),
        PretrainedWeights("resnet152", .v2, hash: "f82ba261", top1: 82.284),
        PretrainedWeights("vgg16", .v1, hash: "397923af", top1: 71.592),
    ]

    /// The networks that have published weights, in the catalogue's order.
    public static var networks: [String] {
        entries.reduce(into: []) { names, entry in
            if names.last != entry.network { names.append(entry.network) }
        }
    }

    /// Finds the weights of a network.
    ///
    /// V1 is the default. Every network has it, so depths compare; it reproduces the papers' training, which the
    /// reference accuracies of fine-tuning recipes assume; and V2's label smoothing and mixing, which raise ImageNet
    /// accuracy, are of the kind that makes fixed features transfer worse (Kornblith, Shlens, Le: "Do Better ImageNet
    /// Models Transfer Better?", CVPR 2019, section 4.2). Ask for V2 where ImageNet accuracy itself is wanted.
    ///
    /// - Parameters:
    ///   - network: `resnet50`, `resnet-50`, `ResNet_50`: case, hyphens and underscores do not matter.
    ///   - variant: the recipe.
    /// - Throws: ``WeightsError`` of kind `unavailable`, which says what is published and what to do.
    public static func find(_ network: String, variant: PretrainedWeights.Variant = .v1) throws -> PretrainedWeights {
        let name = network.lowercased().filter { $0 != "-" && $0 != "_" }
        if let entry = entries.first(where: { $0.network == name && $0.variant == variant }) { return entry }
        if entries.contains(where: { $0.network == name }) {
            throw WeightsError(.unavailable, "No \(variant.rawValue) weights are published for \(network): use V1.")
        }
        let family = networks.filter { $0.prefix(while: \.isLetter) == name.prefix(while: \.isLetter) }
        let choices = (family.isEmpty ? networks : family).joined(separator: ", ")
        let remedy = "train from scratch (use_pretrained_model=0), pass your own weights with --pretrained FILE, or choose one of "
        throw WeightsError(
            .unavailable,
            "No pretrained ImageNet weights are published for the network \(network): \(remedy)\(choices).")
    }
}
