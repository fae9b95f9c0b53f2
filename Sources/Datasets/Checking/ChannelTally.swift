/// Adds up what was found in one half of the data, record by record and in order.
struct ChannelTally {
    let images: any AnnotatedImages
    let channel: String
    /// Number of classes where it is known before the pass.
    let classCount: Int?

    private(set) var pictures = 0
    private(set) var sizes: DataReport.Sizes?
    private(set) var classes: [Int: DataReport.ClassCount] = [:]
    private(set) var unlabelledPixels = 0
    private(set) var labelled = 0
    private(set) var contents: [ContentEntry] = []
    private var withoutBoxes: (count: Int, first: String) = (0, "")
    /// The kind of the first label, which the others must have, and its width.
    private var labelForm: (kind: ClassificationLabelKind, width: Int)?

    init(_ images: any AnnotatedImages, channel: String, classCount: Int?) {
        (self.images, self.channel, self.classCount) = (images, channel, classCount)
    }

    /// Classes by what was seen: the width of multi-hot labels, else the highest number and one more.
    var impliedClassCount: Int {
        if let labelForm, labelForm.kind == .multi { return labelForm.width }
        return (classes.keys.max() ?? -1) + 1
    }

    mutating func add(_ findings: RecordCheck.Findings, record: Int, to list: inout FaultList) {
        for fault in findings.faults { list.add(fault) }
        if let size = findings.size {
            pictures += 1
            sizes = sizes.map { $0.including(size) } ?? DataReport.Sizes(size)
        }
        if let content = findings.picture {
            contents.append(ContentEntry(content: content, annotation: findings.annotation?.low ?? 0, channel: channel, record: record))
        }
        if let label = findings.label { add(label, record, findings.place, &list) }
        for (classID, count) in findings.counts { classes[classID, default: .init()].add(count) }
        if findings.label != nil || !findings.counts.isEmpty { labelled += 1 }
        unlabelledPixels += findings.unlabelledPixels
        if findings.boxCount == 0 {
            withoutBoxes = (withoutBoxes.count + 1, withoutBoxes.count == 0 ? findings.place : withoutBoxes.first)
        }
    }

    private mutating func add(_ label: ClassificationLabel, _ record: Int, _ place: String, _ list: inout FaultList) {
        let width = if case .multi(let values) = label { values.count } else { 0 }
        let form = labelForm ?? (label.kind, width)
        labelForm = form
        let limit = classCount ?? (form.kind == .multi ? form.width : ImageListReader.highestPlausibleLabel + 1)
        do {
            try ClassificationDataset.check(label, kind: form.kind, classCount: limit) { (place, place) }
        } catch {
            let error = error as? DatasetError
            let kind: DataFault.Kind = if case .single = label, form.kind == .single { .unknownClass } else { .wrongLabel }
            list.add(DataFault(kind, in: channel, record: record, at: place, error?.problem ?? "\(label)", remedy: error?.remedy ?? ""))
            return
        }
        switch label {
        case .single(let value): classes[value, default: .init()].add(1)
        case .multi(let values): for (index, value) in values.enumerated() where value > 0.5 { classes[index, default: .init()].add(1) }
        }
    }

    /// What the half as a whole shows when all records were seen.
    ///
    /// `names`: of all classes. `isTraining`: whether a network is to learn from it.
    func closingFaults(names: [String], isTraining: Bool) -> [DataFault] {
        var faults: [DataFault] = []
        func note(_ kind: DataFault.Kind, _ problem: String, _ remedy: String) {
            faults.append(DataFault(kind, in: channel, at: images.source, problem, remedy: remedy))
        }
        let absent = names.indices.filter { classes[$0] == nil }.map { names[$0] }
        if !absent.isEmpty, labelled > 0 {
            let which = "\(absent.count) of \(names.count) classes (\(ClassNames.listed(absent)))"
            if isTraining {
                note(.unusedClass, "no record has one of \(which)", "add pictures of them, or leave the classes out")
            } else {
                note(.unscoredClass, "no record has one of \(which)", "what the model makes of them stays unknown")
            }
        }
        if isTraining, let fault = imbalance(names) { faults.append(fault) }
        if withoutBoxes.count > 0 {
            note(
                .noBoxes, "\(withoutBoxes.count) of its pictures, the first at \(withoutBoxes.first), have no boxes",
                "right where they show nothing; else draw the boxes")
        }
        return faults
    }

    /// The most frequent class may have so many times the pictures, or boxes, of the rarest.
    static let tolerableRatio = 20

    // Not of pixels: what is thin or small is always rare there.
    private func imbalance(_ names: [String]) -> DataFault? {
        guard images.task != .segmentation else { return nil }
        let counts = classes.filter { names.indices.contains($0.key) && $0.value.items > 0 }.sorted { $0.key < $1.key }
        guard let rarest = counts.min(by: { $0.value.items < $1.value.items }),
            let commonest = counts.max(by: { $0.value.items < $1.value.items }),
            commonest.value.items / rarest.value.items >= Self.tolerableRatio
        else { return nil }
        let what = images.task == .detection ? "boxes" : "pictures"
        return DataFault(
            .imbalance, in: channel, at: images.source,
            "'\(names[commonest.key])' has \(commonest.value.items) \(what), '\(names[rarest.key])' only \(rarest.value.items)",
            remedy: "add pictures of the rare class, and judge the model by the figures of each class")
    }
}
