import Storage

@testable import Datasets

extension FuzzTarget {
    /// im2rec lists, strict as in training and patient as in a data check.
    static let imageList = FuzzTarget("lst") { bytes in
        var input = FuzzInput(bytes)
        let classCount = [nil, 1, 6][input.choice(3)]
        let file = input.file
        try attempt { _ = try ImageList(parsing: file, file: "train.lst", classCount: classCount) }
        let store = MemoryStore(objects: ["train.lst": file, "a/1.jpg": [1], "2.jpg": [2]])
        try readAll(ListedImages("train.lst", in: store, images: store, classCount: classCount))
    }

    /// `classes.txt`.
    static let classNames = FuzzTarget("classes") { bytes in
        let names = try ClassNames.parse(bytes, place: "classes.txt")
        guard !names.isEmpty, Set(names).count == names.count, !names.contains("") else {
            throw FuzzFinding("class names are empty or repeated")
        }
    }

    /// `train_label_map.json`.
    static let labelMap = FuzzTarget("label-map") { bytes in
        let map = try LabelMap(json: bytes, place: "train_label_map.json")
        guard map.classOfValue.count == 256 else { throw FuzzFinding("a label map of \(map.classOfValue.count) values") }
    }
}
