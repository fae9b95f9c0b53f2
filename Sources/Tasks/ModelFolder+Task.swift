import Datasets
import Weights

extension ModelFolder {
    /// Reads a model for a predictor of a task, as `read(_:)` does.
    /// - Throws: ``TaskError`` for a model of another task; `WeightsError`.
    static func read(_ path: String, of task: VisionTask) throws -> (ModelDescription?, WeightDictionary) {
        let (description, weights) = try read(path)
        if let description, description.task != task.rawValue {
            throw TaskError("\(path) is a model of \(description.task), not of \(task.rawValue).")
        }
        return (description, weights)
    }

    /// The names of a model's classes: its own; for weights that come without, those that are given, or "0", "1", ….
    /// - Throws: ``TaskError`` where there are more or fewer names than classes.
    static func classNames(_ description: ModelDescription?, given: [String]?, count: Int, path: String) throws -> [String] {
        let names = description?.classes ?? given ?? (0..<count).map(String.init)
        guard names.count == count else {
            throw TaskError("\(path) has \(count) classes, but \(names.count) names were given. Give one name a class.")
        }
        return names
    }
}
