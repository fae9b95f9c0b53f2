import ArgumentParser
import Tasks
import Training

/// Hyperparameters from the command line and from a file; the command line wins.
struct HyperparameterOptions: ParsableArguments {
    @Option(name: .customShort("p"), help: ArgumentHelp("A hyperparameter; may be repeated.", valueName: "name=value"))
    var pairs: [Pair] = []

    @Option(
        help: ArgumentHelp("A flat JSON object of hyperparameters, values as text or JSON's own.", valueName: "file"), completion: .file())
    var hyperparameters: String?

    /// `name=value`.
    struct Pair: ExpressibleByArgument {
        let name: String
        let value: String

        init?(argument: String) {
            guard let sign = argument.firstIndex(of: "="), sign != argument.startIndex else { return nil }
            name = String(argument[..<sign])
            value = String(argument[argument.index(after: sign)...])
        }
    }

    /// The values by name.
    func values() throws -> [String: String] {
        var values: [String: String] = [:]
        if let hyperparameters {
            do {
                values = try HyperparameterFile.read(hyperparameters)
            } catch let error as TaskError {
                throw Failure.usage(error.description)
            }
            // What a run's own hyperparameters.json says of its start is no hyperparameter.
            let isRecord = values[RunRecord.start] != nil
            for name in RunRecord.names { values[name] = nil }
            // A run counts its images; other data have another number.
            if isRecord { values["num_training_samples"] = nil }
        }
        // Most likely a variable of a script that is not set: the default would be a surprise.
        if let empty = pairs.first(where: \.value.isEmpty) {
            throw Failure.usage("-p \(empty.name)= gives no value. Give one, or leave it out for the default.")
        }
        for pair in pairs { values[pair.name] = pair.value }
        return values
    }
}

/// What a run records beside its hyperparameters.
enum RunRecord {
    /// Where the weights came from.
    static let start = "start"
    /// The share that was held out.
    static let validationSplit = "validation_split"
    /// That batch normalisation took its statistics over all processes.
    static let sharedNormStatistics = "sync_batch_norm"
    /// That a GPU rounded the factors of float32 products.
    static let tf32 = "tf32"
    static let names = [start, validationSplit, sharedNormStatistics, tf32, TrainingSettings.validation, TrainingSettings.classes]
}
