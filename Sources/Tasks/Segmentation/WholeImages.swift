import Datasets
import Imaging
import Synchronization

/// One image at its own size, with its mask: what is scored as a whole.
final class WholeImage: Sendable {
    struct Content: Sendable {
        let image: Image
        let mask: Mask
    }

    private let stored = Mutex<Content?>(nil)

    func set(_ content: Content) { stored.withLock { $0 = content } }

    /// What a worker has filled in; nil before.
    var content: Content? { stored.withLock { $0 } }
}

/// Decodes images and masks one by one, ahead of the network.
struct WholeImageBuilder: BatchBuilder {
    let record: RecordReader<SegmentationRecord>

    func makeBatch(count: Int) throws -> WholeImage { WholeImage() }

    func fill(_ batch: WholeImage, slot: Int, index: Int, epoch: Int) throws {
        let record = try record(index, epoch)
        do {
            let picture = try EncodedPicture(record.payload)
            let mask = try record.decodedMask(picture: picture.shape)
            batch.set(WholeImage.Content(image: try picture.image(), mask: mask))
        } catch let error as ImagingError {
            throw error.naming(record.id)
        }
    }
}
