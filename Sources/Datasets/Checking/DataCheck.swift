import Foundation
import Machine
import Storage

/// Reads all of a data set once, as training would, and finds everything that is wrong with it instead of the first.
///
/// Every picture is decoded whole, every annotation compared with its picture, and all pictures with each other. What training refuses is
/// an error (``DataFault/Severity/error``); what would spoil its result, a warning. Nothing is changed.
///
/// Memory: 32 bytes a record for the comparison of contents, and the records in the workers' hands.
public struct DataCheck {
    /// What the data are to be checked against, and how.
    public struct Settings: Sendable {
        /// The task that is to be trained; nil: whatever the data are for.
        public var task: VisionTask?
        /// The classes in the order of their numbers; nil: the data's.
        public var classNames: [String]?
        /// `num_classes`.
        public var classCount: Int?
        /// `num_training_samples`.
        public var sampleCount: Int?
        /// `label_width` of a detector; nil: enough.
        public var labelWidth: Int?
        /// Threads that read and decode.
        public var workers = max(1, ProcessorCores.available)
        /// Faults of one kind that are kept with their text; all are counted.
        public var keptFaults = 10_000

        /// Everything as the data have it.
        public init() {}
    }

    /// What is known of the classes when a half is opened.
    public struct KnownClasses: Sendable {
        /// Names of the settings or the training set.
        public let names: [String]?
        /// Their number, where it is known.
        public let count: Int?

        /// Nothing known, unless told.
        public init(names: [String]? = nil, count: Int? = nil) { (self.names, self.count) = (names, count) }
    }

    /// How far a pass has come.
    public struct Progress: Sendable {
        /// `train` or `validation`.
        public let channel: String
        /// Records that were looked at.
        public let done: Int
        /// Records of this half.
        public let total: Int
        /// Faults found so far, in both halves.
        public let faults: Int

        /// Puts a state together.
        public init(channel: String, done: Int, total: Int, faults: Int) {
            (self.channel, self.done, self.total, self.faults) = (channel, done, total, faults)
        }
    }

    /// The name of the half that a network learns from.
    public static let training = "train"
    /// The name of the half that tells how well it has learned.
    public static let validation = "validation"

    /// What was asked for.
    public let settings: Settings
    /// The error that kept the first half from being opened.
    public private(set) var openingError: (any Error)?
    private var task: VisionTask?
    private var classNames: [String]?
    private var list: FaultList
    private var halves: [Half] = []

    /// A half that was looked at, or could not be opened.
    private struct Half {
        let channel: String
        let source: String
        let tally: ChannelTally?
    }

    /// A check of nothing yet.
    public init(_ settings: Settings = Settings()) {
        self.settings = settings
        task = settings.task
        classNames = settings.classNames
        list = FaultList(limit: settings.keptFaults)
    }

    /// Classes as far as they are known: the training set's count for the validation set's labels.
    private var classCount: Int? { classNames?.count ?? settings.classCount ?? halves.first?.tally?.impliedClassCount }

    /// Opens a half of the data and looks at every record; training comes first. A half that can't be opened is a fault.
    ///
    /// - Parameters:
    ///   - channel: ``training`` or ``validation``.
    ///   - location: what to call the data where they can't be opened.
    ///   - open: opens them; is given the classes of the settings or the training set.
    ///   - progress: called several times a second; throws to stop.
    /// - Throws: what `open` throws that is neither ``DatasetError`` nor `StorageError`; what `progress` throws; ``DatasetError`` where
    ///   threads can't be started.
    public mutating func check(
        _ channel: String, at location: String, opening open: (KnownClasses) throws -> any AnnotatedImages,
        progress: (Progress) throws -> Void = { _ in }
    ) throws {
        let images: any AnnotatedImages
        do {
            images = try open(KnownClasses(names: classNames, count: classCount))
            if let task, images.task != task {
                throw DatasetError(
                    .argument, at: images.source, "it is for \(images.task.rawValue), not \(task.rawValue)",
                    remedy: "give data of one task, or name the task that they are for")
            }
            guard images.count > 0 else {
                throw DatasetError(.argument, at: images.source, "it holds no records", remedy: "check the path")
            }
        } catch  where error is DatasetError || error is StorageError {
            if halves.isEmpty { openingError = error }
            let fault = DataFault(error, in: channel, record: nil, at: location, isAnnotation: false)
            let kind = fault.kind == .wrongClasses ? fault.kind : .unreadableDataSet
            list.add(DataFault(kind, in: channel, at: fault.place, fault.problem, remedy: fault.remedy))
            halves.append(Half(channel: channel, source: location, tally: nil))
            return
        }
        task = images.task
        adopt(images, channel)
        let count = classCount
        var tally = ChannelTally(images, channel: channel, classCount: count)
        let total = images.count
        let check = RecordCheck(images: images, channel: channel, classCount: count, labelWidth: settings.labelWidth)
        try check.run(workers: max(1, settings.workers)) { record, findings in
            tally.add(findings, record: record, to: &list)
        } between: { done in
            try progress(Progress(channel: channel, done: done, total: total, faults: list.total))
        }
        halves.append(Half(channel: channel, source: images.source, tally: tally))
    }

    /// Takes over the half's class names and compares what is known of it as a whole.
    private mutating func adopt(_ images: any AnnotatedImages, _ channel: String) {
        for warning in images.warnings {
            list.add(DataFault(.readerWarning, in: channel, at: images.source, warning, remedy: ""))
        }
        // "0", "1", … are names that nobody gave.
        let isNamed = images.classNames.map { $0 != ClassNames.placeholders($0.count) } ?? false
        let found = isNamed ? images.classNames(fitting: settings.classCount) : nil
        if let found, let known = classNames {
            let isOther = { (number: Int) in
                found[number] != known[number] && found[number] != String(number) && known[number] != String(number)
            }
            if let first = (0..<min(found.count, known.count)).first(where: isOther) {
                list.add(
                    DataFault(
                        .wrongClasses, in: channel, at: images.source,
                        "class \(first) is called '\(found[first])', and '\(known[first])' elsewhere",
                        remedy: "number the classes alike in both halves, and as --class-names does"))
            }
        }
        classNames = classNames ?? found
        if halves.isEmpty, let classNames, let given = settings.classCount, given != classNames.count {
            list.add(
                DataFault(
                    .wrongClasses, in: channel, at: images.source,
                    "num_classes is \(given) but there are \(classNames.count) classes (\(ClassNames.listed(classNames)))",
                    remedy: "set num_classes to \(classNames.count) or correct the data"))
        }
        if channel == Self.training, let given = settings.sampleCount, given != images.count {
            list.add(
                DataFault(
                    .wrongSampleCount, in: channel, at: images.source,
                    "num_training_samples is \(given) but there are \(images.count) images",
                    remedy: "set it to \(images.count), or leave it out: it is counted"))
        }
    }

    // MARK: The report

    /// Compares all pictures with each other and draws up the report.
    public func report() -> DataReport {
        var list = list
        let count = classCount ?? 0
        let names = (0..<count).map { number in classNames.flatMap { number < $0.count ? $0[number] : nil } ?? String(number) }
        for tally in halves.compactMap(\.tally) {
            for fault in tally.closingFaults(names: names, isTraining: tally.channel == Self.training) { list.add(fault) }
        }
        addCopies(to: &list, names)
        let order = Dictionary(halves.enumerated().map { ($1.channel, $0) }) { first, _ in first }
        let sorted = list.faults.enumerated().sorted { a, b in
            func key(_ fault: DataFault) -> (Int, Int, Int) {
                (order[fault.channel] ?? 0, fault.record ?? -1, fault.kind.order)
            }
            let (left, right) = (key(a.element), key(b.element))
            return left == right ? a.offset < b.offset : left < right
        }
        let channels = halves.map { half in
            DataReport.Channel(
                name: half.channel, source: half.source, isOpen: half.tally != nil, records: half.tally?.images.count ?? 0,
                pictures: half.tally?.pictures ?? 0, sizes: half.tally?.sizes,
                classes: (0..<count).map { half.tally?.classes[$0] ?? .init() }, unlabelledPixels: half.tally?.unlabelledPixels ?? 0)
        }
        return DataReport(task: task, classNames: names, channels: channels, faults: sorted.map(\.element), counts: list.counts)
    }

    private func addCopies(to list: inout FaultList, _ names: [String]) {
        let tallies = halves.compactMap(\.tally)
        var searched = [tallies]
        if tallies.count == 2, tallies[0].images.source == tallies[1].images.source {
            list.add(
                DataFault(
                    .sameData, in: tallies[1].channel, at: tallies[1].images.source, "training and validation are the same data",
                    remedy: "hold some pictures out: as it is, accuracy tells how well they are remembered"))
            searched = [[tallies[0]]]
        }
        for tallies in searched {
            for copy in DuplicateSearch.copies(among: tallies.flatMap(\.contents)) {
                list.add(copy.kind) { fault(for: copy, tallies, names) }
            }
        }
    }

    private func fault(for copy: DuplicateSearch.Copy, _ tallies: [ChannelTally], _ names: [String]) -> DataFault {
        func images(_ isTraining: Bool) -> (any AnnotatedImages)? {
            tallies.first { ($0.channel == Self.training) == isTraining }?.images
        }
        func record(_ number: Int, _ isTraining: Bool) -> AnnotatedImage? { try? images(isTraining)?.record(at: number) }
        let (copied, original) = (record(copy.record, copy.isTraining), record(copy.original, copy.originalIsTraining))
        let place = original?.pictureLocation ?? "record \(copy.original)"
        var problem = copy.kind == .leak ? "the training set holds the same picture, \(place)" : "it is the same picture as \(place)"
        if copy.contradicts, let copied, let original {
            problem += "; here it is \(Self.described(copied, names)), there \(Self.described(original, names))"
        }
        let remedy =
            switch copy.kind {
            case .leak: "remove one of them: what was trained on tells nothing about new pictures"
            case .contradictingLabels: "keep the one that is annotated rightly"
            default: "keep one of them, unless it is meant to count more"
            }
        return DataFault(
            copy.kind, in: copy.isTraining ? Self.training : Self.validation, record: copy.record,
            at: copied?.pictureLocation ?? "record \(copy.record)", problem, remedy: remedy)
    }

    /// What an annotation says, in a few words.
    private static func described(_ record: AnnotatedImage, _ names: [String]) -> String {
        func name(_ number: Int) -> String { names.indices.contains(number) ? "'\(names[number])'" : "class \(number)" }
        switch record.annotation {
        case .label(let label):
            let shown = label.classIDs.map(name)
            return shown.isEmpty ? "of no class" : ClassNames.listed(shown)
        case .boxes(let boxes): return "annotated with \(boxes.count) boxes"
        case .mask: return "annotated with another mask"
        }
    }
}
