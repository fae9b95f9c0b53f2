import ArgumentParser
import Container
import Foundation
import Training

/// `sightline container`: the program as a platform runs it.
struct ContainerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "container",
        abstract: "Does a platform's work: everything is read from and written to /opt/ml.",
        discussion: """
            EXAMPLES
              sightline container train
              sightline container train --root job --task detection
              sightline container serve

            Started under the names train and serve, the program does the same.
            """,
        subcommands: [ContainerTrain.self, ContainerServe.self])

    /// A folder that is named and is not there is a typo, in which nothing should be made.
    static func check(root: String?) throws {
        var isFolder: ObjCBool = false
        guard let root, !FileManager.default.fileExists(atPath: root, isDirectory: &isFolder) || !isFolder.boolValue else { return }
        throw Failure.usage("--root is \(root), and there is no such folder. Check the path.")
    }
}

/// `sightline container train`.
struct ContainerTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains as /opt/ml/input/config says.",
        discussion: """
            EXAMPLES
              sightline container train
              SIGHTLINE_ROOT=job SIGHTLINE_TASK=segmentation sightline container train

            FILES (below /opt/ml, --root or SIGHTLINE_ROOT)
              input/config/hyperparameters.json    values as text, by SageMaker's names
              input/config/inputdataconfig.json    channels: File, FastFile or Pipe
              input/config/resourceconfig.json     hosts, which train one model together
              input/config/checkpointconfig.json   where the run's state is kept, and
                                                   found by the next start
              input/data/train, validation, train_lst, train_annotation, label_map, …
              model/                               the model: model.json, model.safetensors
              output/data/                         results.csv, model card, tables
              output/failure                       why it failed: ClientError: …

            A host trains with one process for each of its GPUs, or as many as
            SIGHTLINE_PROCESSES says. An image that can't be read ends the job, unless
            SIGHTLINE_SKIP_UNREADABLE says how many may be left out.

            Which of the three tasks it is, hyperparameters or channels tell;
            SIGHTLINE_TASK or --task says it where they don't.

            Exit status: 0 done, 1 failed, 143 stopped by SIGTERM with the state saved.
            """)

    @Option(help: ArgumentHelp("The folder that stands for /opt/ml.", valueName: "folder"), completion: .directory)
    var root: String?

    @Option(help: ArgumentHelp("classification, detection or segmentation.", valueName: "task"))
    var task: String?

    @OptionGroup var engine: EngineOptions

    @Option(help: ArgumentHelp("Threads that read images, in each process. (default: one a core but one, at most 8)", valueName: "n"))
    var workers: Int?

    func validate() throws {
        if let workers, !(1...256).contains(workers) { throw ValidationError("--workers is \(workers); it must be from 1 to 256.") }
    }

    func run() throws {
        try ContainerCommand.check(root: root)
        let job = ContainerJob(ContainerTree(root: root), task: task, engine: engine, workers: workers)
        let status = job.run()
        if status != 0 { throw Failure(sentence: nil, status: status) }
    }
}
