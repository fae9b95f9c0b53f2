/// Pictures and the files with their annotations — masks, boxes — brought together by their base names.
struct AnnotationPairs {
    /// A picture and its annotation, by their names in their stores.
    struct Record: Sendable {
        let image: String
        var annotation: String?
    }

    /// What a file of annotations is.
    enum Kind: String {
        case mask
        /// A JSON or XML file.
        case annotation

        /// Whether a name is that of such a file.
        func accepts(_ name: String) -> Bool {
            switch self {
            case .mask: ClassFolders.isImage(name)
            case .annotation: name.lowercased().hasSuffix(".json") || name.lowercased().hasSuffix(".xml")
            }
        }
    }

    /// What the annotations are.
    let kind: Kind

    private(set) var records: [Record] = []
    /// Annotations that no picture has.
    private(set) var strays: [String] = []
    /// Pictures that share their annotation with another one.
    private(set) var sharing: [String] = []
    /// Files that are neither picture nor mask.
    private(set) var others: [String] = []

    /// Pairs that a list names.
    init(_ kind: Kind, listed records: [Record]) {
        self.kind = kind
        self.records = records
    }

    /// Pairs files; the prefixes are no part of the base names. Order is that of `images`.
    init(_ kind: Kind, images: [String], annotations: [String], imagePrefix: String = "", annotationPrefix: String = "") {
        self.kind = kind
        func stem(_ path: String, _ prefix: String) -> String {
            ImageFileName.stem(of: ImageFileName.below(prefix, path))
        }
        var position: [String: Int] = [:]
        for (index, file) in annotations.enumerated() {
            guard kind.accepts(file) else {
                others.append(file)
                continue
            }
            // Where there are two masks, the PNG: a JPEG of the same name is a preview.
            let key = stem(file, annotationPrefix)
            if let earlier = position[key], annotations[earlier].lowercased().hasSuffix(".png") {
                strays.append(file)
            } else if let earlier = position.updateValue(index, forKey: key) {
                strays.append(annotations[earlier])
            }
        }
        var isUsed = [Bool](repeating: false, count: annotations.count)
        for image in images {
            guard ClassFolders.isImage(image) else {
                others.append(image)
                continue
            }
            let found = position[stem(image, imagePrefix)]
            if let found {
                if isUsed[found] { sharing.append(image) }
                isUsed[found] = true
            }
            records.append(Record(image: image, annotation: found.map { annotations[$0] }))
        }
        strays += position.values.filter { !isUsed[$0] }.sorted().map { annotations[$0] }
        others.removeAll { $0.hasSuffix("classes.txt") }
    }

    /// Gives annotations that no picture has to pictures that have none: `picture` answers the name that an annotation itself states.
    mutating func pairStrays(_ picture: (String) throws -> String?) rethrows {
        guard !strays.isEmpty else { return }
        let open = records.indices.filter { records[$0].annotation == nil }
        let indexOfPicture = Dictionary(open.map { (records[$0].image, $0) }) { first, _ in first }
        strays = try strays.filter { stray in
            guard let name = try picture(stray), let index = indexOfPicture[name], records[index].annotation == nil else { return true }
            records[index].annotation = stray
            return false
        }
    }

    /// The error where no picture has an annotation: nothing could be trained on, and the folders are likely to be the wrong ones.
    func requireOne(at source: String) throws {
        guard !records.contains(where: { $0.annotation != nil }) else { return }
        guard !records.isEmpty else {
            throw DatasetError(
                .unreadable, at: source, "there are no pictures",
                remedy: "give the folder that holds the pictures' folder and that of the \(kind)s, such as train and train_annotation")
        }
        let first = records.first.map { ", the first '\($0.image)'" } ?? ""
        let stray = strays.first.map { ", the first '\($0)'" } ?? ""
        throw DatasetError(
            .unreadable, at: source,
            "none of its \(records.count) pictures\(first) has one of the \(strays.count) \(kind)s\(stray)",
            remedy: kind == .mask
                ? "give each picture a PNG of the same base name in the folder of masks"
                : "give each picture an annotation of the same base name")
    }

    /// One sentence for each sort of file that found no partner.
    func warnings(_ source: String) -> [String] {
        func sentence(_ files: [String], _ what: String) -> [String] {
            files.first.map { ["\(source): \(files.count) \(what), the first is \($0)"] } ?? []
        }
        return sentence(records.filter { $0.annotation == nil }.map(\.image), "pictures have no \(kind) of the same base name")
            + sentence(strays, "\(kind)s have no picture of the same base name and were left out")
            + sentence(sharing, "pictures share their base name, and so the \(kind), with another one")
            + sentence(others, kind == .mask ? "files that are no JPEG or PNG were left out" : "files of other kinds were left out")
    }
}
