import Imaging

extension TargetedImages {
    /// The records that can be read. Every picture is decoded once, on all cores.
    ///
    /// Training replaces a picture that can't be read by another; what is scored must be left out beforehand, or some would count twice.
    /// - Parameter limit: how many records may be left out.
    /// - Returns: the other records, and why those that were left out were.
    /// - Throws: ``DatasetError`` where more can't be read, or all, and for what can be read and is wrong, such as a class that there is not; `StorageError` of a store that can't be reached.
    public func readable(leavingOut limit: Int) throws -> (records: Self, leftOut: [String]) {
        let faults = try concurrentMap(count) { index in
            Result { () -> String? in
                do {
                    try record(at: index).decodeOnce()
                    return nil
                } catch  where error.isOfReading {
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
    public func readable(leavingOut limit: Int) throws -> (source: Self, leftOut: [String]) {
        guard case .dataset(let dataset) = self, limit > 0 else { return (self, []) }
        let (records, leftOut) = try dataset.readable(leavingOut: limit)
        return (.dataset(records), leftOut)
    }
}

extension Error {
    /// Whether it says that something can't be read, rather than that what stands there is wrong: that spoils what is learned from the others.
    var isOfReading: Bool {
        guard let error = self as? DatasetError else { return true }
        return ![.label, .classes, .argument].contains(error.kind)
    }
}

extension TargetedImage {
    /// Decodes the picture, and what else must be decoded, to see that it can be.
    func decodeOnce() throws {
        if case .pixels = payload {} else { _ = try Image(decoding: payload.encodedBytes()) }
        _ = try (self as? SegmentationRecord)?.decodedMask()
    }
}
