import Imaging
import Storage

extension TargetedImages {
    /// The records that can be read. Every picture is decoded once, on several threads.
    ///
    /// Training replaces a picture that can't be read by another; what is scored must be left out beforehand, or some would count twice.
    /// - Parameters:
    ///   - limit: how many records may be left out.
    ///   - shouldStop: asked before each record.
    /// - Returns: the other records, and why those that were left out were.
    /// - Throws: ``DatasetError`` where more can't be read, or all; `StorageError` of a store that can't be reached.
    public func readable(
        leavingOut limit: Int, shouldStop: @Sendable () -> Bool = { false }
    ) throws -> (records: Self, leftOut: [String]) {
        let faults = try concurrentMap(count) { index in
            Result { () -> String? in
                if shouldStop() {
                    throw DatasetError(.cancelled, at: source, "looking for images that can't be read was cancelled", remedy: "")
                }
                do {
                    try record(at: index).decodeOnce()
                    return nil
                } catch let error as StorageError where error.kind != .missing {
                    // A server that does not answer says nothing about the image.
                    throw error
                } catch {
                    let place = (try? record(at: index).id).map { "\(error)".contains($0) ? "" : "\($0): " } ?? ""
                    return "\(place)\(error)"
                }
            }
        }.map { try $0.get() }
        let leftOut = faults.compactMap { $0 }
        guard !leftOut.isEmpty else { return (self, []) }
        guard leftOut.count <= limit, leftOut.count < count else {
            throw DatasetError(
                .unreadable, at: source,
                "\(leftOut.count) of its \(count) images can't be read, and \(limit) may be left out; the first: \(leftOut[0])",
                remedy: "repair or remove them, or allow more")
        }
        let kept = faults.indices.filter { faults[$0] == nil }
        return (try subset(kept, called: "without \(leftOut.count) that can't be read"), leftOut)
    }
}

extension ImageSource {
    /// The records that can be read, as `TargetedImages/readable(leavingOut:)`; a stream is read once only, and stays as it is.
    public func readable(
        leavingOut limit: Int, shouldStop: @Sendable () -> Bool = { false }
    ) throws -> (source: Self, leftOut: [String]) {
        guard case .dataset(let dataset) = self, limit > 0 else { return (self, []) }
        let (records, leftOut) = try dataset.readable(leavingOut: limit, shouldStop: shouldStop)
        return (.dataset(records), leftOut)
    }
}

extension TargetedImage {
    /// Decodes the picture, and what else must be decoded, to see that it can be.
    func decodeOnce() throws {
        let shape: PictureShape
        if case .pixels(let image) = payload {
            shape = PictureShape(image)
        } else {
            let bytes = try payload.encodedBytes()
            _ = try Image(decoding: bytes)
            shape = PictureShape(try ImageHeader(of: bytes))
        }
        _ = try (self as? SegmentationRecord)?.decodedMask(picture: shape)
    }
}
