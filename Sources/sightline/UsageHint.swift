import ArgumentParser
import Foundation
import Tasks

/// What somebody who used the command wrongly most likely meant.
enum UsageHint {
    private static let tasks = ["classification", "detection", "segmentation"]
    private static let commands = Sightline.configuration.subcommands.compactMap { $0.configuration.commandName ?? "\($0)".lowercased() }
    /// Other programs' names of hyperparameters.
    private static let aliases = [
        "lr": "learning_rate", "batch_size": "mini_batch_size", "batch": "mini_batch_size", "num_epochs": "epochs", "wd": "weight_decay",
        "img_size": "image_shape", "imgsz": "image_shape",
    ]

    /// The sentence that replaces the parser's; nil: that will do.
    ///
    /// - Parameters:
    ///   - arguments: the words behind the program's name.
    ///   - complaint: what the parser says.
    static func sentence(_ arguments: [String], _ complaint: String) -> String? {
        guard let command = arguments.first, !command.hasPrefix("-") else { return nil }
        guard commands.contains(command) else {
            return "There is no command '\(command)'." + suggestion(command, among: commands) + " See 'sightline --help'."
        }
        if command == "train" {
            let task = arguments.dropFirst().first
            if task == nil || task?.hasPrefix("-") == true {
                return "train needs a task before its options: sightline train classification, detection or segmentation."
            }
            if let task, !tasks.contains(task), task != "help" {
                return "There is no task '\(task)'." + suggestion(task, among: tasks) + " Tasks are \(tasks.joined(separator: ", "))."
            }
        }
        guard let option = complaint.firstMatch(of: /Unknown option '--([A-Za-z0-9_-]+)/)?.output.1 else { return nil }
        let name = String(option).replacing("-", with: "_")
        let known = Set(ClassificationHyperparameters.names + DetectionHyperparameters.names + SegmentationHyperparameters.names)
        guard command == "train", let hyperparameter = aliases[name] ?? (known.contains(name) ? name : nil) else { return nil }
        return "--\(option) is no option; \(hyperparameter) is a hyperparameter: give -p \(hyperparameter)=…"
    }

    private static func suggestion(_ word: String, among words: [String]) -> String {
        let distances = words.map { (word: $0, distance: distance(word, $0)) }
        guard let nearest = distances.min(by: { $0.distance < $1.distance }), nearest.distance <= 3 else { return "" }
        return " Did you mean '\(nearest.word)'?"
    }

    /// Letters to change, add or remove (Levenshtein).
    static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        var row = Array(0...b.count)
        for (i, letter) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let replaced = diagonal + (letter == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
