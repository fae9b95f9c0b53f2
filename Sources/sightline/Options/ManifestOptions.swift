import ArgumentParser
import Datasets
import Foundation

/// What an augmented manifest doesn't say itself.
struct ManifestOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(

            "An augmented manifest's attributes: the image's, the label's. FIFOs of a manifest need them. (default: told by its first line)",
            valueName: "a,b"))
    var attributeNames: String?

    @Option(help: ArgumentHelp("Classification: how a manifest writes several labels, multi-hot or class-id.", valueName: "format"))
    var labelFormat = AugmentedManifest.LabelFormat.multiHot

    /// The attributes one by one.
    var attributes: [String]? { attributeNames.map(Self.names) }

    /// Names with commas between.
    static func names(_ list: String) -> [String] { list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
}
