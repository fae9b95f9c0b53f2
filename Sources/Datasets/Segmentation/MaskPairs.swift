/// Pictures and masks brought together by their base names.
struct MaskPairs {
    /// A picture and its mask, by their names in their stores.
    struct Record: Sendable {
        let image: String
        let mask: String?
    }

    private(set) var records: [Record] = []
    /// Masks that no picture has.
    private(set) var strayMasks: [String] = []
    /// Pictures that share their mask with another one.
    private(set) var sharing: [String] = []
    /// Files that are neither picture nor mask.
    private(set) var others: [String] = []

    /// Pairs that a list names.
    init(listed records: [Record]) { self.records = records }

    /// Pairs files; `imagePrefix` and `maskPrefix` are no part of the base names. Order is that of `images`.
    init(images: [String], masks: [String], imagePrefix: String = "", maskPrefix: String = "") {
        func stem(_ path: String, _ prefix: String) -> String {
            ImageFileName.stem(of: String(Substring(path.utf8.dropFirst(prefix.utf8.count))))
        }
        var position: [String: Int] = [:]
        for (index, mask) in masks.enumerated() {
            guard ClassFolders.isImage(mask) else {
                others.append(mask)
                continue
            }
            // Where there are two, the PNG: a JPEG of the same name is a preview.
            let key = stem(mask, maskPrefix)
            if let earlier = position[key], masks[earlier].lowercased().hasSuffix(".png") {
                strayMasks.append(mask)
            } else if let earlier = position.updateValue(index, forKey: key) {
                strayMasks.append(masks[earlier])
            }
        }
        var isUsed = [Bool](repeating: false, count: masks.count)
        for image in images {
            guard ClassFolders.isImage(image) else {
                others.append(image)
                continue
            }
            let mask = position[stem(image, imagePrefix)]
            if let mask {
                if isUsed[mask] { sharing.append(image) }
                isUsed[mask] = true
            }
            records.append(Record(image: image, mask: mask.map { masks[$0] }))
        }
        strayMasks += position.values.filter { !isUsed[$0] }.sorted().map { masks[$0] }
        others.removeAll { $0.hasSuffix("classes.txt") }
    }

    /// One sentence for each sort of file that found no partner.
    func warnings(_ source: String) -> [String] {
        func sentence(_ files: [String], _ what: String) -> [String] {
            files.first.map { ["\(source): \(files.count) \(what), the first is \($0)"] } ?? []
        }
        return sentence(records.filter { $0.mask == nil }.map(\.image), "pictures have no mask of the same base name")
            + sentence(strayMasks, "masks have no picture of the same base name and were left out")
            + sentence(sharing, "pictures share their base name, and so the mask, with another one")
            + sentence(others, "files that are no JPEG or PNG were left out")
    }
}
