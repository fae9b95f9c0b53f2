import Datasets
import Foundation
import Tasks

extension JobConfiguration {
    /// The environment variable that says which of the three algorithms a job is for.
    public static let taskVariable = "SIGHTLINE_TASK"

    /// What a job is for, and how that is known.
    public struct RecognisedTask: Sendable, Equatable {
        /// The task.
        public let task: VisionTask
        /// What says so, for the log.
        public let evidence: String
    }

    /// What a job is for: as a setting says, or else as the names of its hyperparameters, its tuning objective or its channels do.
    ///
    /// The three algorithms are three images of the platform, which a job chooses among by the image's name; here is one image for all.
    /// - Parameter setting: the task's name, by a setting; nil: told by the job.
    /// - Throws: ``ContainerError`` where nothing says it, or things contradict each other.
    public func task(setting: String?) throws -> RecognisedTask {
        if let setting, !setting.isEmpty { return RecognisedTask(task: try Self.task(named: setting), evidence: "a setting") }
        let file = tree.configuration("hyperparameters.json")
        let evidence = VisionTask.allCases.map { task in
            (task: task, names: hyperparameters.keys.filter { Self.names(of: task, include: $0, hyperparameters) }.sorted())
        }
        let most = evidence.map { $0.names.count }.max() ?? 0
        let likely = evidence.filter { $0.names.count == most }
        let remedy = "set \(Self.taskVariable) to classification, detection or segmentation"
        if most > 0 {
            guard likely.count == 1 else {
                let told = likely.map { "\($0.names.joined(separator: ", ")) of \($0.task.rawValue)" }.joined(separator: "; ")
                throw ContainerError(
                    at: file, "its hyperparameters are of several algorithms (\(told))", remedy: "remove some, or \(remedy)")
            }
            return RecognisedTask(task: likely[0].task, evidence: likely[0].names.joined(separator: ", "))
        }
        if let objective = hyperparameters["_tuning_objective_metric"], let task = Self.objectives[objective] {
            return RecognisedTask(task: task, evidence: "the tuning objective \(objective)")
        }
        if let found = taskOfChannels { return found }
        // Where nothing else tells, a name means the algorithm that had it alone.
        if let name = Self.original.keys.sorted().first(where: { hyperparameters[$0] != nil }), let task = Self.original[name] {
            return RecognisedTask(task: task, evidence: name)
        }
        throw ContainerError(
            at: file, "no hyperparameter and no channel tells whether it is classification, detection or segmentation", remedy: remedy)
    }

    private static func task(named name: String) throws -> VisionTask {
        // The platform's names for its algorithms are welcome.
        let word = name.lowercased().replacing("_", with: "-").split(separator: "-").last.map(String.init) ?? ""
        guard let task = VisionTask(rawValue: word) else {
            throw ContainerError(at: taskVariable, "it is '\(name)'", remedy: "use classification, detection or segmentation")
        }
        return task
    }

    /// SageMaker's names of one algorithm that are here of all.
    private static let original: [String: VisionTask] = ["lr_scheduler": .segmentation, "freeze_layer_pattern": .detection]

    private static let objectives: [String: VisionTask] = [
        "validation:accuracy": .classification, "validation:mAP": .detection, "validation:mIOU": .segmentation,
        "validation:pixel_accuracy": .segmentation,
    ]

    /// Whether a hyperparameter belongs to one task and no other.
    private static func names(of task: VisionTask, include name: String, _ values: [String: String]) -> Bool {
        // Classification's shape is three numbers, detection's is one.
        if name == "image_shape" { return task == (values[name]?.contains(",") == true ? .classification : .detection) }
        func knows(_ task: VisionTask) -> Bool {
            switch task {
            case .classification: ClassificationHyperparameters.names.contains(name)
            case .detection: DetectionHyperparameters.names.contains(name)
            case .segmentation: SegmentationHyperparameters.names.contains(name)
            }
        }
        return knows(task) && !VisionTask.allCases.contains { $0 != task && knows($0) }
    }

    private var taskOfChannels: RecognisedTask? {
        if channels["train_lst"] != nil { return RecognisedTask(task: .classification, evidence: "the channel train_lst") }
        if channels["label_map"] != nil { return RecognisedTask(task: .segmentation, evidence: "the channel label_map") }
        guard channels["train_annotation"] != nil else { return taskOfContent }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: tree.channel("train_annotation"))) ?? []
        // Tools leave files of their own beside annotations.
        func count(_ suffix: String) -> Int { names.count { $0.lowercased().hasSuffix(suffix) } }
        let (boxes, masks) = (count(".json"), count(".png"))
        if boxes > masks { return RecognisedTask(task: .detection, evidence: "JSON files in the channel train_annotation") }
        if masks > 0 { return RecognisedTask(task: .segmentation, evidence: "masks in the channel train_annotation") }
        return nil
    }

    /// What the data are for: RecordIO, manifests, folders of classes. A pipe can't be looked into in advance.
    private var taskOfContent: RecognisedTask? {
        guard let train = channels["train"], train.mode != .pipe, let images = try? AnnotatedChannel(tree.channel("train")).open() else {
            return nil
        }
        return RecognisedTask(task: images.task, evidence: "the content of the channel train")
    }
}
