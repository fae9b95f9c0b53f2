import Imaging

@testable import Datasets

extension FuzzTarget {
    /// IDX images and labels, plain or gzipped. Deflate makes at most 1032 bytes of one; a picture is kept beside them.
    static let idx = FuzzTarget("idx", factor: 2200) { bytes in
        var input = FuzzInput(bytes)
        let labels = input.piece()
        let path = try Scratch.write(input.file, as: "train-images-idx3-ubyte")
        _ = try Scratch.write(labels, as: "train-labels-idx1-ubyte")
        try open(path)
    }

    /// CIFAR-10 and CIFAR-100. A record is 3073 bytes: inputs are padded to whole ones unless they choose otherwise.
    static let cifar = FuzzTarget("cifar") { bytes in
        var input = FuzzInput(bytes)
        let record = [3073, 3074, 1][input.choice(3)]
        var file = input.file
        file += [UInt8](repeating: 7, count: (record - file.count % record) % record)
        try open(try Scratch.write(file, as: "data_batch_1.bin"))
    }

    private static func open(_ path: String) throws {
        let data = try ClassificationDataset(channel: path)
        for index in Set([0, data.count / 2, data.count - 1]) {
            let record = try data.record(at: index)
            guard case .pixels(let image) = record.payload, image.pixels.count == image.width * image.height * image.channels else {
                throw FuzzFinding("record \(index) has no pixels")
            }
        }
    }
}
