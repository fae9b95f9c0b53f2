extension ClassificationDataset {
    /// Compares the data with what hyperparameters or a model say about them.
    ///
    /// - Parameters:
    ///   - classCount: `num_classes`; every label must lie below it and there must be as many classes.
    ///   - sampleCount: `num_training_samples`; the step schedule is counted in it, so a wrong one would shift every step.
    /// - Throws: ``DatasetError`` with both numbers.
    public func check(classCount: Int? = nil, sampleCount: Int? = nil) throws {
        if let classCount, classCount != classNames.count {
            throw DatasetError(
                .classes, at: source,
                "num_classes is \(classCount) but there are \(classNames.count) classes (\(ClassNames.listed(classNames)))",
                remedy: "set num_classes to \(classNames.count) or correct the data")
        }
        if let sampleCount, sampleCount != count {
            throw DatasetError(
                .argument, at: source, "num_training_samples is \(sampleCount) but there are \(count) images",
                remedy: "set it to \(count), or leave it out: it is counted")
        }
    }
}
