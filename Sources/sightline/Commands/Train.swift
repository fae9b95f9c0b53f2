import ArgumentParser

/// `sightline train`.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains a model.",
        discussion: """
            EXAMPLES
              sightline train classification --train photos --validation-split 0.1 \\
                --output run -p num_layers=18 -p epochs=10
              sightline train detection --train cells --validation cells \\
                --output run -p base_network=resnet-18 -p epochs=30
              sightline train detection --help
            """,
        subcommands: [TrainClassification.self, TrainDetection.self, TrainSegmentation.self])
}
