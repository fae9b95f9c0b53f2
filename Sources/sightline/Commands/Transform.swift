import ArgumentParser
import Datasets
import Reporting
import Serving
import Storage
import Training

/// `sightline transform`.
struct Transform: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Asks a model about every image of a folder or bucket.",
        discussion: """
            EXAMPLES
              sightline transform runs/first --input photos --output answers
              sightline transform runs/cells --input s3://bucket/slides \\
                --output s3://bucket/found --accept 'application/json;annotation=1'
              sightline transform runs/first --input photos --output answers --shard 0/4

            photos/a.jpg is answered in answers/a.jpg.out, as SageMaker's batch transform
            does: JSON Lines for classification, JSON for detection, PNG masks for
            segmentation, or what --accept asks for. Images that have an answer are passed
            over: the same command goes on where one broke off.

            An object that can't be answered is reported, the others go on, and the exit
            status is 1.
            """)

    @Argument(help: "The model: a run's folder, a model folder, or a file of weights.", completion: .file())
    var model: String

    @Option(help: ArgumentHelp("Where images are: a folder or s3://bucket/prefix.", valueName: "place"))
    var input: String

    @Option(help: ArgumentHelp("Where answers go: a folder or s3://bucket/prefix.", valueName: "place"))
    var output: String

    @Option(help: ArgumentHelp("The answers' form, such as application/json;verbose=true.", valueName: "type"))
    var accept: String?

    @Option(help: ArgumentHelp("The i-th of n shares of the images, in the order of their names, from 0/n.", valueName: "i/n"))
    var shard: String?

    @Flag(help: "Ask again about images that have an answer.")
    var overwrite = false

    @Option(help: "Precision of products: auto (bfloat16 where it is native), float32 or bfloat16.")
    var precision = ServingPrecision.auto

    @Option(help: ArgumentHelp("Images that a network sees at once. (default: 8; 32 on a GPU)", valueName: "n"))
    var maxBatch: Int?

    @Option(help: ArgumentHelp("Threads that decode. (default: one a core)", valueName: "n"))
    var decoders: Int?

    @Option(help: ArgumentHelp("Megabytes of an image's file; larger ones fail.", valueName: "MB"))
    var maxPayload = 100

    @Option(help: ArgumentHelp("Million pixels of an image, by its header; larger ones fail.", valueName: "n"))
    var maxPixels = 50.0

    @OptionGroup var engine: EngineOptions

    @Flag(help: "Write what came of it as one JSON object to standard output.")
    var json = false

    func validate() throws {
        if let shard { _ = try ChannelOptions.share(shard) }
        guard (1...100_000).contains(maxPayload) else {
            throw ValidationError("--max-payload is \(maxPayload); it must be from 1 to 100000 MB.")
        }
        guard maxPixels > 0, maxPixels <= 1000 else {
            throw ValidationError("--max-pixels is \(maxPixels); it must be above 0 and at most 1000 million.")
        }
        for (name, value) in [("max-batch", maxBatch), ("decoders", decoders)] {
            if let value, value < 1 { throw ValidationError("--\(name) is \(value); it must be 1 or more.") }
        }
    }

    func run() throws {
        var server = ServerSettings()
        if case .file(let folder) = try Location(output) { try OutputFolder.prepare(folder) }
        server.device = try engine.start()
        server.models = [.init(name: "model", path: model)]
        (server.precision, server.threads, server.decoders, server.batchLimit) = (precision.type, engine.threads, decoders, maxBatch)
        (server.payloadLimit, server.pixelLimit) = (maxPayload << 20, Int(maxPixels * 1e6))
        var settings = BatchTransform.Settings(input: try Location(input), output: try Location(output))
        settings.accept = accept
        settings.shard = try shard.map { try ChannelOptions.share($0) }
        settings.overwrites = overwrite
        Interruption.install()
        let transform = try BatchTransform(settings, server: server)
        let report = try Blocking.run {
            let line = LiveLine(.standardError)
            defer { line.close() }
            return try await transform.run(shouldStop: { Interruption.isRequested }) { done, all in
                line.show("\(Listing.count(done))/\(Listing.count(all)) images")
            }
        }
        try tell(report)
    }

    private func tell(_ report: BatchTransform.Report) throws {
        for failure in report.failures {
            complain(failure.reason.hasPrefix(failure.object) ? failure.reason : "\(failure.object): \(failure.reason)")
        }
        if report.isStopped { complain("stopped; the same command goes on") }
        TextOutput.standardOutput.write(json ? object(report).line + "\n" : sentence(report))
        if !report.failures.isEmpty || report.isStopped { throw Failure.reported }
    }

    private func sentence(_ report: BatchTransform.Report) -> String {
        func count(_ number: Int, _ noun: String) -> String { "\(Listing.count(number)) \(noun)\(number == 1 ? "" : "s")" }
        var parts = [count(report.written, "answer") + " written to \(output)"]
        if report.skipped > 0 { parts.append("\(Listing.count(report.skipped)) were there") }
        if !report.failures.isEmpty { parts.append("\(Listing.count(report.failures.count)) of \(count(report.objects, "object")) failed") }
        return parts.joined(separator: ", ") + "\n"
    }

    private func object(_ report: BatchTransform.Report) -> JSONValue {
        .members([
            "objects": .integer(report.objects), "written": .integer(report.written), "skipped": .integer(report.skipped),
            "failures": .array(report.failures.map { .members(["object": .string($0.object), "reason": .string($0.reason)]) }),
            "stopped": .bool(report.isStopped),
        ])
    }
}
