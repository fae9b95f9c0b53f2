import ArgumentParser
import Datasets
import Imaging
import Storage

/// Composes scenes of garments: pictures of Fashion-MNIST, enlarged, coloured and laid on a cloth, with the box of each or the class of every
/// pixel.
///
/// The example data of `make demo-detection` and `make demo-segmentation`: real shapes, exact boxes and masks, nothing to download but Debian's
/// package of Fashion-MNIST.
@main
struct Scenes: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sightline-scenes", abstract: "Composes scenes of Fashion-MNIST's garments, with exact boxes or masks.")

    @Option(help: "The folder with train-images-idx3-ubyte and its kin.")
    var garments: String

    @Option(help: "Where train/, train_annotation/, validation/ and validation_annotation/ go.")
    var output: String

    @Option(help: "Training scenes.")
    var train = 600

    @Option(help: "Validation scenes.")
    var validation = 80

    @Option(help: "Pixels of a scene's sides.")
    var side = 300

    @Option(help: "Another seed gives other scenes.")
    var seed: UInt64 = 1

    @Flag(help: "Masks instead of boxes: 0 is the cloth.")
    var masks = false

    static let classes = ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot"]

    func validate() throws {
        guard train > 0, validation > 0 else { throw ValidationError("--train and --validation must be 1 or more.") }
        guard (128...2048).contains(side) else { throw ValidationError("--side is \(side); it must be from 128 to 2048.") }
    }

    func run() throws {
        let store = LocalStore(output)
        // Validation shows garments that training never saw.
        for (channel, split, count) in [("train", ClassificationSplit.training, train), ("validation", .validation, validation)] {
            let source = try ClassificationDataset(channel: garments, split: split)
            let writer: any AnnotatedImageWriter =
                masks
                ? try MaskWriter(store, channel: channel, classNames: ["cloth"] + Self.classes, resume: true)
                : try BoxFileWriter(store, channel: channel, classNames: Self.classes, resume: true)
            for number in 0..<count {
                var scene = Scene(side: side, random: RandomStream(seed: seed, epoch: split == .training ? 0 : 1, index: number))
                try scene.lay(garmentsFrom: source)
                let digits = String(number)
                try writer.write(
                    AnnotatedImage(
                        name: "scene-\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits).jpg",
                        payload: .encoded(try scene.picture.encodedJPEG(quality: 88)),
                        annotation: masks ? .mask(.encoded(try scene.mask.encodedPNG(palette: .pascalVOC))) : .boxes(scene.boxes),
                        place: "scene \(number)", statedSize: PixelSize(width: side, height: side)))
            }
            try writer.finish()
            print("\(count) scenes in \(output)/\(channel)")
        }
    }
}
