import Datasets

/// Reads a stream to its end, over the errors behind which it goes on. `most`: records that there can be.
func drain(_ stream: some AnnotatedImageStream, atMost most: Int) throws {
    var steps = 0
    while true {
        do {
            guard let record = try stream.next() else { return }
            look(at: record)
        } catch let error where stream.isRecoverable {
            _ = "\(error)"
        }
        steps += 1
        guard steps <= most else { throw FuzzFinding("a stream gives more records than it holds") }
    }
}

/// Reads every record in its two ways, and what lies behind both ends.
func readAll(_ images: some AnnotatedImages) throws {
    for index in 0..<images.count {
        var task: VisionTask?
        try attempt { task = try images.annotation(at: index).task }
        try attempt {
            let record = try images.record(at: index)
            look(at: record)
            guard task == record.annotation.task else { throw FuzzFinding("record \(index) can be read, but not its annotation") }
        }
    }
    for index in [-1, images.count] {
        do {
            _ = try images.record(at: index)
            throw FuzzFinding("there is a record \(index) of \(images.count)")
        } catch is DatasetError {}
    }
}

/// What every consumer asks of a record.
private func look(at record: AnnotatedImage) {
    _ = ImageFileName.make(for: record.name, content: [0xFF, 0xD8, 0xFF])
    guard case .boxes(let boxes) = record.annotation else { return }
    for box in boxes { _ = box.inPixels(width: 640, height: 480) }
}
