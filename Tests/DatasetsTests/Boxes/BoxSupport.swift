import Datasets
import Imaging
import Storage

/// A PNG of this size, no two alike.
func png(_ width: Int, _ height: Int, _ shade: UInt8 = 7) throws -> [UInt8] {
    try Image(width: width, height: height, channels: 3, pixels: [UInt8](repeating: shade, count: width * height * 3)).encodedPNG()
}

extension BucketInMemory {
    /// Objects from texts.
    convenience init(texts: [String: String], pictures: [String: [UInt8]] = [:]) {
        self.init(texts.mapValues { Array($0.utf8) }.merging(pictures) { $1 })
    }

    func text(_ name: String) -> String { objects[name].map { String(decoding: $0, as: UTF8.self) } ?? "no such object" }
}

extension AnnotatedImages {
    /// Boxes of a record in pixels: class, left, top, right, bottom.
    func pixels(_ index: Int, width: Double, height: Double) throws -> [[Double]] {
        guard case .boxes(let boxes) = try annotation(at: index) else { return [] }
        return boxes.map { [Double($0.classID), $0.left * width, $0.top * height, $0.right * width, $0.bottom * height] }
    }
}

/// Whether all numbers differ by no more than `tolerance`.
func close(_ left: [[Double]], _ right: [[Double]], _ tolerance: Double = 1e-9) -> Bool {
    left.count == right.count
        && zip(left, right).allSatisfy { $0.count == $1.count && zip($0, $1).allSatisfy { abs($0 - $1) <= tolerance } }
}

extension AnnotatedChannel {
    /// What the channel makes of a folder, here one that holds the bucket's objects.
    static func opening(_ bucket: BucketInMemory, task: VisionTask? = nil) throws -> any AnnotatedImages {
        let folder = try TemporaryFolder()
        let store = LocalStore(folder.path)
        for (name, bytes) in bucket.objects {
            let sink = try store.create(name)
            try sink.write(bytes)
            try sink.commit()
        }
        var channel = AnnotatedChannel(folder.path)
        channel.task = task
        return HeldImages(images: try channel.open(), folder: folder)
    }
}

/// A data set whose folder lives as long as it.
private struct HeldImages: AnnotatedImages, @unchecked Sendable {
    let images: any AnnotatedImages
    let folder: TemporaryFolder
    var task: VisionTask { images.task }
    var classNames: [String]? { images.classNames }
    var source: String { images.source }
    var warnings: [String] { images.warnings }
    var count: Int { images.count }
    func record(at index: Int) throws -> AnnotatedImage { try images.record(at: index) }
    func annotation(at index: Int) throws -> Annotation { try images.annotation(at: index) }
}
