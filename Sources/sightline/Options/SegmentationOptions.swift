import ArgumentParser
import Tasks

/// How a segmentation model looks at images, in evaluation and prediction.
struct SegmentationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Segmentation: longest side of the windows through which large images are looked at. (default: 1024, for images of more than 2.4 million pixels)",
            valueName: "pixels"))
    var window: Int?

    @Option(help: ArgumentHelp("Segmentation: sizes at which each image is looked at, as 0.75,1,1.25; 1 is its own.", valueName: "a,b,c"))
    var scales: ScaleList?

    @Flag(help: "Segmentation: look at each image mirrored, too.")
    var flip = false

    /// Factors with commas between.
    struct ScaleList: ExpressibleByArgument {
        let factors: [Double]

        init?(argument: String) {
            let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
            factors = parts.compactMap { Double($0.drop { $0 == " " }) }
            if factors.isEmpty || factors.count != parts.count || !factors.allSatisfy({ (0.1...8).contains($0) }) { return nil }
        }
    }

    func validate() throws {
        if let window, !(64...16384).contains(window) {
            throw ValidationError("--window is \(window); it must be from 64 to 16384 pixels.")
        }
    }

    /// Whether anything of this was asked for.
    var isGiven: Bool { window != nil || scales != nil || flip }

    /// Refuses them for another model.
    func refuse(for model: String, _ kind: String) throws {
        if isGiven { throw Failure.usage("--window, --scales and --flip are for segmentation models, and \(model) is a \(kind).") }
    }

    var viewing: SegmentationViewing {
        var viewing = SegmentationViewing()
        if let window {
            viewing.window = window
            viewing.overlap = min(viewing.overlap, window / 4)
            // Windows that are asked for are used, however small the image is.
            viewing.largestWhole = min(viewing.largestWhole, window * window)
        }
        if let scales { viewing.scales = scales.factors }
        viewing.flips = flip
        return viewing
    }
}
