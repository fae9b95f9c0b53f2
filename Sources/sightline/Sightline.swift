import ArgumentParser
import Glibc
import Reporting
import Training

/// The command `sightline`.
@main
struct Sightline: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "sightline",
        abstract: "Trains, evaluates and runs vision models.",
        discussion: """
            EXAMPLES
              sightline train classification --train photos --validation-split 0.1 \\
                --output run -p num_layers=18 -p epochs=10
              sightline evaluate run --data held-out-photos
              sightline predict run cat.jpg

            Exit status: 0 done, 1 failed or interrupted, 2 used wrongly. Answers go to
            standard output, progress and errors to standard error. NO_COLOR is honoured.
            """,
        version: version,
        subcommands: [
            Train.self, Evaluate.self, Predict.self, ExportCommand.self, Serve.self, Transform.self, Info.self, Check.self, Convert.self,
            Feed.self, WeightsCommand.self, ContainerCommand.self, Doctor.self, Completions.self,
        ])

    /// Runs the command and leaves with its status; ArgumentParser's own statuses for misuse lie above 63.
    static func main() {
        // A reader that goes away (`sightline info … | head`) is no failure.
        signal(SIGPIPE, SIG_IGN)
        let status = perform(arguments(CommandLine.arguments))
        Glibc.exit(status)
    }

    /// What to parse. Under the names `train` and `serve` the program is a container's: a platform starts an image with these words.
    private static func arguments(_ words: [String]) -> [String] {
        let name = words.first?.split(separator: "/").last.map(String.init) ?? ""
        return (["train", "serve"].contains(name) ? ["container", name] : []) + words.dropFirst()
    }

    private static func perform(_ arguments: [String]) -> Int32 {
        var command: any ParsableCommand
        do {
            command = try parseAsRoot(arguments)
        } catch {
            return report(parsing: error, of: arguments)
        }
        do {
            try command.run()
            return 0
        } catch let failure as Failure {
            if let sentence = failure.sentence { complain(sentence) }
            return failure.status
        } catch let error as TrainingError where error.kind == .interrupted {
            TextOutput.standardError.write("sightline: \(error)\n")
            return 1
        } catch  where exitCode(for: error) == .success {
            // Help comes as an error, too.
            return report(parsing: error, of: arguments)
        } catch {
            complain("\(error)")
            return 1
        }
    }

    /// Help and versions are answers; everything else that stops parsing is misuse.
    private static func report(parsing error: any Error, of arguments: [String]) -> Int32 {
        let text = fullMessage(for: error)
        guard exitCode(for: error) != .success else {
            TextOutput.standardOutput.write(text + "\n")
            return 0
        }
        let prefix = "Error: "
        if let hint = UsageHint.sentence(arguments, text) {
            complain(hint)
            return 2
        }
        complain(text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
        return 2
    }
}

/// Writes an error for people.
func complain(_ sentence: String) { TextOutput.standardError.write("sightline: error: \(sentence)\n") }
