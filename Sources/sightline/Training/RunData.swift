import Datasets

/// A channel of training as a run's options set it up.
protocol RunChannel {
    associatedtype Dataset: TargetedImages
    associatedtype Stream: TargetedStream where Stream.Record == Dataset.Record

    /// The classes in an order that the data must not contradict.
    var classNames: [String]? { get set }
    /// `num_classes`.
    var classCount: Int? { get set }

    func open() throws -> ImageSource<Dataset, Stream>
    func openDataset() throws -> Dataset
}

extension ClassificationChannel: RunChannel {}
extension DetectionChannel: RunChannel {}
extension SegmentationChannel: RunChannel {}

/// The images of a run: training, and validation where there is any.
struct RunData<Channel: RunChannel> {
    typealias Source = ImageSource<Channel.Dataset, Channel.Stream>

    let training: Source
    let validation: Source?
    /// Odd things, one sentence each; those of the training set are its own.
    private(set) var notes: [String] = []

    /// Opens both halves.
    ///
    /// - Parameters:
    ///   - channel: of the training images.
    ///   - held: which images a run validates on.
    ///   - seed: of the part that is held out.
    ///   - other: the channel at the path of the validation images.
    init(_ channel: Channel, held: ValidationOptions, seed: Int, validation other: (_ path: String) -> Channel) throws {
        if let share = held.validationSplit {
            let parts = try channel.openDataset().split(fraction: share, seed: UInt64(seed))
            (training, validation) = (.dataset(parts.training), .dataset(parts.validation))
            return
        }
        training = try channel.open()
        guard let path = held.validation else {
            validation = nil
            notes.append(ValidationOptions.none)
            return
        }
        // The training set's classes, so that both number them alike.
        var other = other(path)
        other.classNames = training.classNames
        other.classCount = training.classNames.count
        let opened = try other.open()
        validation = opened
        notes += opened.warnings
        if opened.source == training.source { notes.append(ValidationOptions.same) }
    }
}
