import ArgumentParser

/// `sightline train`.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains a model.",
        discussion: """
            EXAMPLES
              sightline train classification --train photos --validation-split 0.1 \\
                --output run -p num_layers=18 -p epochs=10
              sightline train classification --help
            """,
        subcommands: [TrainClassification.self])
}
