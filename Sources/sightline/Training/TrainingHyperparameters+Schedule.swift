import Tasks
import Training

extension TrainingHyperparameters {
    /// How a run's learning rate goes. `stepsPerEpoch`: nil: of a stream of unknown length.
    ///
    /// poly's power is GluonCV's; the original's logged rates fit it (`spec/semantic-segmentation.md`, "Schedule").
    /// - Throws: `Failure` where the schedule counts updates and nobody knows how many there are.
    func schedule(stepsPerEpoch: Int?) throws -> LearningRateSchedule {
        func steps(_ reason: String) throws -> Int {
            guard let stepsPerEpoch else {
                throw Failure.usage("\(reason), and how long an epoch is can't be told of a stream. Give num_training_samples.")
            }
            return stepsPerEpoch
        }
        func total() throws -> Int { try steps("lr_scheduler \(scheduler.rawValue) counts all updates of the run") * epochs }

        let decline: LearningRateSchedule
        switch scheduler {
        case .step where schedulerSteps.isEmpty: decline = .constant
        case .step:
            let epoch = try steps("lr_scheduler_step counts epochs")
            decline = .step(factor: schedulerFactor, updates: schedulerSteps.map { $0 * epoch })
        case .poly: decline = .poly(power: 0.9, total: try total())
        case .cosine: decline = .cosine(total: try total())
        }
        guard warmupEpochs > 0 else { return decline }
        let updates = (warmupEpochs * Double(try steps("lr_warmup_epochs counts epochs"))).rounded()
        return .warmup(updates: max(1, Int(updates)), then: decline)
    }
}
