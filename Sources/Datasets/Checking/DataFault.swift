/// Something about a data set that its owner should know: where, what, how bad it is and what to do.
public struct DataFault: Sendable, Equatable {
    /// How bad it is.
    public enum Severity: String, Sendable, CaseIterable {
        /// Training would stop there, or learn something wrong.
        case error
        /// Training would run, and its result or its figures would suffer.
        case warning
        /// Worth knowing.
        case note
    }

    /// What sort of fault it is.
    public let kind: Kind
    /// The half of the data, `train` or `validation`.
    public let channel: String
    /// The record's number, counted from 0; nil: it concerns the whole half.
    public let record: Int?
    /// A file, `file:line` or `file, record 3`.
    public let place: String
    /// What is wrong there, with the value.
    public let problem: String
    /// What the user can do about it; may be empty.
    public let remedy: String

    /// Makes a fault from its parts.
    public init(_ kind: Kind, in channel: String, record: Int? = nil, at place: String, _ problem: String, remedy: String) {
        self.kind = kind
        self.channel = channel
        self.record = record
        self.place = place
        self.problem = problem
        self.remedy = remedy
    }

    /// How bad it is.
    public var severity: Severity { kind.severity }

    /// One sentence: place, problem, remedy. What a reader noticed names its place itself.
    public var description: String {
        let sentence = kind == .readerWarning ? problem : "\(place): \(problem)"
        return remedy.isEmpty ? sentence : "\(sentence); \(remedy)"
    }
}

extension DataFault {
    /// The sorts of faults. Raw values are an interface: scripts read them from `check --json`.
    public enum Kind: String, Sendable, CaseIterable {
        // What stops training, as it is opened.
        /// The data set can't be opened, or is for another task.
        case unreadableDataSet = "unreadable-data-set"
        /// Class names or numbers of data, command line and the other half contradict each other.
        case wrongClasses = "wrong-classes"
        /// `num_training_samples` is not the number of records.
        case wrongSampleCount = "wrong-sample-count"

        // Pictures.
        /// A file is missing, or the system refuses to read it.
        case unreadableFile = "unreadable-file"
        /// A file of no bytes.
        case emptyFile = "empty-file"
        /// Neither JPEG nor PNG, whatever its name says.
        case notAPicture = "not-a-picture"
        /// A JPEG or PNG that is cut off or damaged.
        case damagedPicture = "damaged-picture"
        /// A picture of a sort or size that can't be decoded.
        case unusablePicture = "unusable-picture"

        // Annotations.
        /// A record, line or annotation that breaks its format.
        case brokenRecord = "broken-record"
        /// A picture without annotation.
        case missingAnnotation = "missing-annotation"
        /// A label that means nothing to the task.
        case wrongLabel = "wrong-label"
        /// More objects in a picture than `label_width` has room for.
        case tooManyObjects = "too-many-objects"
        /// A class number that is not below the number of classes.
        case unknownClass = "unknown-class"

        // Boxes.
        /// A box without width or height.
        case boxWithoutArea = "box-without-area"
        /// A box that leaves its picture by more than a pixel, which rounding explains.
        case boxOutside = "box-outside"
        /// The annotation states a size that the picture does not have, so that its boxes mean other places.
        case wrongImageSize = "wrong-image-size"

        // Masks.
        /// A mask that can't be read, or holds colours or 16 bits.
        case unusableMask = "unusable-mask"
        /// A mask of another size than its picture.
        case wrongMaskSize = "wrong-mask-size"

        // What training would not notice.
        /// The validation set holds a picture of the training set.
        case leak
        /// One picture twice, with different annotations.
        case contradictingLabels = "contradicting-labels"
        /// One picture twice in one half.
        case duplicate
        /// Training and validation are the same data.
        case sameData = "same-data"
        /// A mask in which no pixel has a class.
        case emptyMask = "empty-mask"
        /// A mask with values that the label map leaves out.
        case unmappedValue = "unmapped-value"
        /// Classes that no training record has.
        case unusedClass = "unused-class"
        /// Classes of very different frequency.
        case imbalance
        /// A picture that is tiny, huge or a strip.
        case extremeSize = "extreme-size"
        /// What the format's reader noticed: files that were left out, indices that don't fit.
        case readerWarning = "reader-warning"

        /// Pictures without any box, which teach a detector its background.
        case noBoxes = "no-boxes"
        /// Classes of the training set that validation does not score.
        case unscoredClass = "unscored-class"
        /// A picture that EXIF turns in a way that the size of its mask does not show.
        case turnedPicture = "turned-picture"

        /// How bad such a fault is.
        public var severity: Severity {
            switch self {
            case .unreadableDataSet, .wrongClasses, .wrongSampleCount, .unreadableFile, .emptyFile, .notAPicture, .damagedPicture,
                .unusablePicture, .brokenRecord, .missingAnnotation, .wrongLabel, .tooManyObjects, .unknownClass, .boxWithoutArea,
                .boxOutside,
                .wrongImageSize, .unusableMask, .wrongMaskSize:
                .error
            case .leak, .contradictingLabels, .duplicate, .sameData, .emptyMask, .unmappedValue, .unusedClass, .imbalance, .extremeSize,
                .readerWarning:
                .warning
            case .noBoxes, .unscoredClass, .turnedPicture: .note
            }
        }

        /// What people call it: `damaged picture`.
        public var title: String {
            switch self {
            case .noBoxes: "pictures without boxes"
            case .boxOutside: "box outside its picture"
            case .unscoredClass: "class without validation"
            case .leak: "training picture in the validation set"
            case .sameData: "the same data twice"
            case .readerWarning: "noticed while opening"
            default: rawValue.replacing("-", with: " ")
            }
        }

        /// Place among the kinds, worst first.
        var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }
}
