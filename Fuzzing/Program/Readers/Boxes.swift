import Datasets
import Storage

extension FuzzTarget {
    /// SageMaker's JSON of boxes beside each picture; one that `file` pairs, one by its name.
    static let boxFiles = FuzzTarget("box-json") { bytes in
        var input = FuzzInput(bytes)
        let second = input.piece()
        let objects = [
            "train/a.jpg": picture, "train/b.jpg": picture, "train_annotation/a.json": input.file, "train_annotation/c.json": second,
        ]
        try readAll(BoxFiles(ChannelFiles(MemoryStore(objects: objects)), channel: "train"))
    }

    /// A COCO file.
    static let coco = FuzzTarget("coco", factor: 192) { bytes in
        let store = MemoryStore(objects: ["instances.json": bytes, "a.jpg": picture])
        try readAll(COCOImages("instances.json", in: store))
    }

    /// A COCO file's outlines, as masks.
    static let cocoMasks = FuzzTarget("coco-masks", factor: 192, base: 2 * mostPixels + (4 << 20)) { bytes in
        let store = MemoryStore(objects: ["instances.json": bytes, "a.jpg": picture])
        try readAll(COCOMasks("instances.json", in: store, maximumPixels: mostPixels))
    }

    /// Masks of more pixels are refused; what one may take is stated by it.
    private static let mostPixels = 1 << 18

    /// Pascal VOC's XML, and the list of a set.
    static let pascalVOC = FuzzTarget("voc") { bytes in
        var input = FuzzInput(bytes)
        let hasList = input.choice(2) == 1
        var objects = ["JPEGImages/a.jpg": picture, "JPEGImages/b.jpg": picture]
        if hasList { objects["ImageSets/Main/train.txt"] = input.piece() }
        objects["Annotations/a.xml"] = input.file
        try readAll(PascalVOCImages(ChannelFiles(MemoryStore(objects: objects)), set: hasList ? "train" : nil))
    }

    /// YOLO's texts of boxes, and the YAML that describes a set.
    static let yolo = FuzzTarget("yolo", factor: 512) { bytes in
        var input = FuzzInput(bytes)
        let kind = input.choice(4)
        var objects = ["images/train/a.jpg": picture, "images/train/b.jpg": picture]
        if kind & 1 != 0 { objects["data.yaml"] = input.piece() }
        if kind & 2 != 0 { objects["train.txt"] = input.piece() }
        objects["labels/train/a.txt"] = input.file
        try readAll(YOLOImages(ChannelFiles(MemoryStore(objects: objects)), set: "train"))
    }

    /// YOLO's texts of outlines, as masks.
    static let yoloMasks = FuzzTarget("yolo-masks", factor: 512) { bytes in
        let objects = ["images/train/a.jpg": picture, "labels/train/a.txt": bytes]
        try readAll(YOLOMasks(ChannelFiles(MemoryStore(objects: objects)), set: "train"))
    }

    /// The beginning of a JPEG of 10 × 20 pixels: readers take its size from it.
    private static let picture: [UInt8] = [
        0xFF, 0xD8, 0xFF, 0xC0, 0x00, 0x0B, 0x08, 0x00, 0x14, 0x00, 0x0A, 0x01, 0x01, 0x11, 0x00, 0xFF, 0xDA,
    ]
}
