import ArgumentParser
import Datasets
import Foundation
import Reporting
import Storage
import Training

/// `sightline feed`.
struct Feed: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Plays the platform's part of pipe mode: writes a channel into FIFOs, one an epoch.",
        discussion: """
            EXAMPLES
              sightline feed --source s3://bucket/train --to pipes/train --epochs 5 &
              sightline train classification --train pipes/train --input-mode pipe \\
                --output run -p num_classes=10 -p num_training_samples=50000 -p epochs=5

            DATA
              RecordIO files, written one behind the other; or an augmented manifest, of
              which each of --attribute-names becomes a record: the bytes of what an
              attribute in -ref names, the text of any other.

            The FIFOs are pipes/train_0, pipes/train_1, …; each is removed when its epoch
            is over. A reader that closes a pipe early ends that epoch only. Where a folder
            holds several channels, the name of the FIFOs (train, validation) tells which
            files are fed. When feeding fails, what has come ends with a broken record, so
            that no reader takes it for a whole epoch.
            """)

    @Option(help: ArgumentHelp("The channel: RecordIO or a manifest; a folder, a file or s3://…", valueName: "path"), completion: .file())
    var source: String

    @Option(help: ArgumentHelp("What the FIFOs' names begin with.", valueName: "path"), completion: .file())
    var to: String

    @Option(help: ArgumentHelp("How many epochs.", valueName: "n"))
    var epochs = 1

    @Option(help: ArgumentHelp("The manifest's attributes, in order. (default: told by its first line)", valueName: "a,b"))
    var attributeNames: String?

    @Option(help: ArgumentHelp("Give up when nobody reads for so long.", valueName: "seconds"))
    var patience = 3600.0

    @Flag(name: .shortAndLong, help: "Errors only.")
    var quiet = false

    func validate() throws {
        guard (1...1_000_000).contains(epochs) else { throw ValidationError("--epochs is \(epochs); it must be 1 or more.") }
        guard patience > 0, patience <= 1e9 else {
            throw ValidationError("--patience is \(patience); it must be more than 0 and at most a billion seconds.")
        }
    }

    func run() throws {
        Interruption.install()
        let name = (to as NSString).lastPathComponent
        let channel = try SequentialChannel(
            Location(source), channel: name, attributeNames: attributeNames.map(ManifestOptions.names),
            stores: Stores { Interruption.isRequested })
        let folder = (to as NSString).deletingLastPathComponent
        let feeder = PipeFeeder(
            folder: folder.isEmpty ? "." : folder, channel: name,
            patience: PipePatience(seconds: patience) { Interruption.isRequested })
        for epoch in 0..<epochs {
            let pipe = PipeStream.path(folder: folder.isEmpty ? "." : folder, channel: name, number: epoch)
            if !quiet { TextOutput.standardError.write("\(pipe): waiting for its reader\n") }
            let isWhole = try feeder.feed(number: epoch) { try channel.write(to: $0) }
            if !quiet { TextOutput.standardError.write("\(pipe): \(isWhole ? "done" : "closed early by its reader")\n") }
        }
    }
}
