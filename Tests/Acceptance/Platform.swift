import Foundation

/// The platform, played by `Tests/Platform/platform.py`: it lays out `/opt/ml`, starts the program in it, feeds its pipes and takes what is
/// left.
struct Platform {
    /// What one container left.
    struct Run: Decodable {
        let status: Int32
        let log: [String]
        /// The text of `output/failure`; nil: there is none.
        let failure: String?
        /// Seconds from SIGTERM to the end.
        let stopping: Double?

        var text: String { log.joined(separator: "\n") }
    }

    /// What a job left.
    struct Result: Decodable {
        let runs: [Run]
        /// What the platform's metric definitions found in the log, by name.
        let metrics: [String: [Double]]
        /// Files of `model/`, as relative paths.
        let model: [String]
        /// Files of `output/data/`.
        let output: [String]
        /// Files of `checkpoints/`.
        let checkpoints: [String]
    }

    let place: Workspace
    private(set) var job: [String: Any]

    /// A job in a workspace, with values as users of Python pass them.
    init(_ place: Workspace, _ hyperparameters: [String: Any]) {
        self.place = place
        job = ["root": place.path + "/ml", "hyperparameters": hyperparameters, "channels": [String: Any]()]
    }

    /// What moves a path of the tree to the workspace.
    func path(_ name: String) -> String { "ml/" + name }

    mutating func set(_ name: String, _ value: Any) { job[name] = value }

    mutating func set(_ hyperparameter: String, to value: Any?) {
        guard var values = job["hyperparameters"] as? [String: Any] else { return }
        values[hyperparameter] = value
        job["hyperparameters"] = values
    }

    /// Adds or replaces a channel. `source`: in the workspace; nil: it has no data. `fields`: of `inputdataconfig.json`.
    mutating func channel(_ name: String, _ source: String?, _ fields: [String: Any] = [:]) {
        guard var channels = job["channels"] as? [String: Any] else { return }
        var fields = fields
        if let source { fields["source"] = place.path + "/" + source } else { fields["source"] = NSNull() }
        channels[name] = fields
        job["channels"] = channels
    }

    mutating func remove(_ channel: String) {
        guard var channels = job["channels"] as? [String: Any] else { return }
        channels[channel] = nil
        job["channels"] = channels
    }

    /// Starts the job's container, or containers, and waits for their end. `arguments`: none: the program is started as `train`.
    func run(_ arguments: [String] = []) throws -> Result { try JSONDecoder().decode(Result.self, from: play(arguments)) }

    /// The same of a job of several hosts, with a container for each at once, in a folder of the tree with its name.
    func run(hosts: [String]) throws -> [Result] {
        var job = self
        job.set("hosts", hosts)
        job.set("together", true)
        return try JSONDecoder().decode([Result].self, from: job.play([]))
    }

    private func play(_ arguments: [String]) throws -> Data {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path + "/Platform/platform.py"
        try place.write(JSONSerialization.data(withJSONObject: job), to: "job.json")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-B", script, place.path + "/job.json", Command.path] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Command.Missing("a result of \(script)") }
        return data
    }

    /// Numbers of a column of the job's `results.csv`. `host`: the folder of one of several hosts.
    func results(_ column: String, host: String? = nil) throws -> [Double] {
        let rows = try place.text(path((host.map { $0 + "/" } ?? "") + "output/data/results.csv")).split(separator: "\n").map {
            $0.split(separator: ",")
        }
        guard let index = rows.first?.firstIndex(of: Substring(column)) else { throw Command.Missing("\(column) in \(rows)") }
        return rows.dropFirst().compactMap { Double($0[index]) }
    }
}

/// Patterns that are published for the three algorithms, and, where none are, those that people use.
enum PublishedMetrics {
    static let classification = [
        "train:accuracy:epoch": #"Epoch\S* Train-accuracy=(\S+)"#, "validation:accuracy": #"Epoch\S* Validation-accuracy=(\S*)"#,
        "train:accuracy": #"Batch \[[0-9]+\].*accuracy=(\S+)"#,
    ]
    static let detection = [
        "train:progress": #"#progress_metric: host=\S+, completed (\S+) %"#,
        "train:smooth_l1": #"#quality_metric: host=\S+, epoch=\S+, batch=\S+ train smooth_l1 <loss>=(\S+)"#,
        "train:cross_entropy": #"#quality_metric: host=\S+, epoch=\S+, batch=\S+ train cross_entropy <loss>=(\S+)"#,
        "train:throughput": #"#throughput_metric: host=\S+, train throughput=(\S+) records/second"#,
        "validation:mAP": #"#quality_metric: host=\S+, epoch=\S+, validation mAP <score>=\((\S+)\)"#,
    ]
    static let segmentation = [
        "train:progress": #"#progress_metric: host=\S+, completed (\S+) %"#,
        "train:loss": #"#quality_metric. host: \S+, epoch: \S+, train loss: (\S+)"#,
        "train:throughput": #"#throughput_metric. host: \S+, epoch: \S+, train throughput: (\S+) samples/sec"#,
        "validation:mIOU": #"#quality_metric. host: \S+, epoch: \S+, validation mIOU: (\S+)"#,
        "validation:pixel_accuracy": #"#quality_metric. host: \S+, epoch: \S+, validation pixel_accuracy: (\S+)"#,
        "validation:throughput": #"#throughput_metric. host: \S+, epoch: \S+, validation throughput: (\S+) samples/sec"#,
    ]
}
