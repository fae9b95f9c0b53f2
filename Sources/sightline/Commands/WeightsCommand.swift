import ArgumentParser
import Foundation
import Reporting
import Training
import Weights

/// `sightline weights`.
struct WeightsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weights",
        abstract: "Lists or fetches ImageNet weights, for machines that have no network when they train.",
        discussion: """
            EXAMPLES
              sightline weights
              sightline weights resnet-50 vgg-16
              sightline weights resnet-50 --output weights

            Fetched weights are in the cache, where use_pretrained_model finds them. With
            --output they are in a folder: carried to another machine, it is named there by
            SIGHTLINE_WEIGHTS_MIRROR. Every file's checksum is compared, and what breaks off
            goes on where it ended.
            """)

    @Argument(help: ArgumentHelp("Networks; none: a list of those there are.", valueName: "network"))
    var networks: [String] = []

    @Option(help: ArgumentHelp("The folder to write into. (default: the cache)", valueName: "folder"), completion: .directory)
    var output: String?

    @Flag(name: .shortAndLong, help: "No progress.")
    var quiet = false

    func validate() throws {
        if output != nil, networks.isEmpty { throw ValidationError("--output needs the networks whose weights it is to hold.") }
    }

    func run() throws {
        var cache = WeightCache()
        guard !networks.isEmpty else { return list(cache) }
        if let output { cache.folder = output }
        // A typo is answered before anything is fetched.
        let entries = try networks.map { try PretrainedCatalogue.find($0) }
        Interruption.install()
        let downloader = Downloader(cache: cache)
        for entry in entries {
            let display = DownloadDisplay(quiet ? nil : .standardError, file: entry.file)
            defer { display.close() }
            let path = try downloader.fetch(entry, progress: display.show) { Interruption.isRequested }
            display.close()
            TextOutput.standardOutput.write("\(entry.network)  \(path)\n")
        }
    }

    private func list(_ cache: WeightCache) {
        var listing = Listing()
        for entry in PretrainedCatalogue.entries where entry.variant == .v1 {
            let isThere = FileManager.default.fileExists(atPath: cache.path(of: entry.file))
            listing.add(entry.network, "\(entry.file), ImageNet top-1 \(entry.top1) %\(isThere ? ", in the cache" : "")")
        }
        TextOutput.standardOutput.write(listing.text)
    }
}
