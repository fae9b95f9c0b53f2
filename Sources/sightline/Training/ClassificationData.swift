import Datasets
import Tasks

/// The images of a run: training, and validation where there is any.
struct ClassificationData {
    let training: ClassificationSource
    let validation: ClassificationSource?
    /// Odd things, one sentence each; those of the training set are its own.
    private(set) var notes: [String] = []

    init(_ options: TrainClassification, _ hyperparameters: ClassificationHyperparameters, classNames: [String]?) throws {
        let all = try ClassificationDataset(
            channel: options.train, list: options.trainLst, split: .training, classNames: classNames,
            classCount: hyperparameters.numClasses)
        if let share = options.validationSplit {
            let parts = try all.split(fraction: share, seed: UInt64(hyperparameters.seed))
            (training, validation) = (.dataset(parts.training), .dataset(parts.validation))
            return
        }
        training = .dataset(all)
        guard let path = options.validation else {
            validation = nil
            notes.append(
                "no validation data: the last epoch's model is kept, and how good it is stays unknown. --validation-split 0.1 helps.")
            return
        }
        // The training set's classes, so that both number them alike.
        let held = try ClassificationDataset(
            channel: path, list: options.validationLst, split: .validation, classNames: all.classNames, classCount: all.classNames.count)
        validation = .dataset(held)
        notes += held.warnings
        if held.source == all.source {
            notes.append(
                "training and validation images are the same: accuracy tells how well they are remembered. --validation-split 0.1 helps.")
        }
    }
}
