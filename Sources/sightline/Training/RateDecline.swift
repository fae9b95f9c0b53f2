import Tasks
import Training

/// How a run's learning rate falls, before it is known how many updates there will be.
enum RateDecline {
    /// By `lr_scheduler_factor` after each epoch of `lr_scheduler_step`; constant where there is none.
    case steps
    /// Over all updates of the run, whose number the closure takes. `name`: of the hyperparameter's value.
    case overWholeRun(_ name: String, (Int) -> LearningRateSchedule)

    /// The schedule of a run. `stepsPerEpoch`: nil: of a stream of unknown length.
    /// - Throws: `Failure` where the schedule counts updates and nobody knows how many there are.
    func schedule(_ values: TrainingHyperparameters, stepsPerEpoch: Int?) throws -> LearningRateSchedule {
        switch self {
        case .steps:
            guard !values.schedulerSteps.isEmpty else { return .constant }
            let steps = try known(stepsPerEpoch, "lr_scheduler_step counts epochs")
            return .step(factor: values.schedulerFactor, updates: values.schedulerSteps.map { $0 * steps })
        case .overWholeRun(let name, let make):
            return make(try known(stepsPerEpoch, "lr_scheduler \(name) counts all updates of the run") * values.epochs)
        }
    }

    private func known(_ steps: Int?, _ reason: String) throws -> Int {
        guard let steps else {
            throw Failure.usage("\(reason), and how long an epoch is can't be told of a stream. Give num_training_samples.")
        }
        return steps
    }
}
