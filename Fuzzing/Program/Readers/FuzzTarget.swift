import Datasets
import Imaging
import Storage
import Weights

/// A reader of files that others made, called as training calls it.
struct FuzzTarget: Sendable {
    /// Its name: of the folder of its corpus and of its dictionary.
    let name: String
    /// Memory that reading may take: this many bytes for each of the input …
    let factor: Int
    /// … and these.
    let base: Int
    /// Reads an input. Errors of the rooms are answers; anything else is a defect.
    let read: @Sendable ([UInt8]) throws -> Void

    init(_ name: String, factor: Int = 64, base: Int = 4 << 20, _ read: @escaping @Sendable ([UInt8]) throws -> Void) {
        self.name = name
        self.factor = factor
        self.base = base
        self.read = read
    }

    /// All readers. A new one: a function in this folder, a line here, seeds in `seeds.py`.
    static let all: [FuzzTarget] = [
        recordIO, recordIOImages, recordIndex, wrappedRecords,
        manifest, manifestInferred, manifestFile,
        imageList, classNames, labelMap,
        boxFiles, coco, pascalVOC, yolo, cocoMasks, yoloMasks,
        jpeg, png, mask,
        idx, cifar,
        s3Answer, awsProfile,
        safeTensors, checkpoint,
    ]

    /// Reads an input and says which error it was answered with.
    /// - Throws: what no reader may throw.
    func run(_ bytes: [UInt8]) throws -> (any Error)? {
        do {
            try read(bytes)
            return nil
        } catch let error where Self.isExpected(error) {
            return error
        }
    }

    private static func isExpected(_ error: any Error) -> Bool {
        switch error {
        case let error as DatasetError: !error.description.isEmpty
        case let error as StorageError: !error.description.isEmpty
        case let error as ImagingError: !error.description.isEmpty
        case let error as WeightsError: !error.description.isEmpty
        default: false
        }
    }
}

/// What no reader may do, where it is neither a trap nor an error of its own.
struct FuzzFinding: Error {
    let problem: String
    init(_ problem: String) { self.problem = problem }
}

/// Calls `body`, which may throw what readers throw: for a second reading of what a first one has refused.
func attempt(_ body: () throws -> Void) throws {
    do { try body() } catch let error where !(error is FuzzFinding) {
        _ = "\(error)"
    }
}
