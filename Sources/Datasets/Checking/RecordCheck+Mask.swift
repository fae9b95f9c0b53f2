import Imaging

extension RecordCheck {
    /// Decodes a mask, compares its size with the picture's and counts the pixels of each class.
    func check(_ payload: ImagePayload, of record: AnnotatedImage, _ number: Int, _ findings: inout Findings) {
        let place = payload.location ?? record.place
        let mask: Mask
        do {
            guard let found = try decoded(payload, number, place: place, &findings) else { return }
            mask = found
        } catch let error as DatasetError where error.kind == .malformed {
            let said = DataFault(error, in: channel, record: number, at: place, isAnnotation: true)
            findings.faults.append(fault(.unusableMask, number, at: said.place, said.problem, remedy: said.remedy))
            return
        } catch {
            findings.faults.append(DataFault(error, in: channel, record: number, at: place, isAnnotation: false))
            return
        }
        compare(mask.size, record, number, at: place, &findings)
        count(mask, at: place, number, &findings)
        do {
            findings.annotation = try ContentDigest(of: record.annotation, classIDs: mask.classIDs)
        } catch {
            findings.faults.append(DataFault(error, in: channel, record: number, at: place, isAnnotation: false))
        }
    }

    private func compare(_ mask: PixelSize, _ record: AnnotatedImage, _ number: Int, at place: String, _ findings: inout Findings) {
        // A picture that can't be read is a fault of its own.
        guard let picture = findings.shape else { return }
        if mask != picture.size, !picture.isStoredSize(mask) {
            findings.faults.append(
                fault(
                    .wrongMaskSize, number, at: place,
                    "the mask has \(mask.width)×\(mask.height) pixels, its picture '\(record.name)' \(picture.size.width)×"
                        + "\(picture.size.height)",
                    remedy: "make the mask again from this picture"))
        } else if picture.hidesTurn {
            findings.faults.append(hiddenTurn(picture, "size of the mask", record, number))
        }
    }

    /// The mask with the values that stand in its file; nil where the file is empty, which is noted.
    private func decoded(_ payload: ImagePayload, _ number: Int, place: String, _ findings: inout Findings) throws -> Mask? {
        guard case .pixels = payload else { return try decodedFile(payload, number, place: place, &findings) }
        return try payload.decodedMask(labelMap: .identity, place: place)
    }

    private func decodedFile(_ payload: ImagePayload, _ number: Int, place: String, _ findings: inout Findings) throws -> Mask? {
        let bytes = try payload.encodedBytes()
        if bytes.isEmpty {
            findings.faults.append(
                fault(.emptyFile, number, at: place, "the mask is empty (0 bytes)", remedy: "copy it again, or make it again"))
            return nil
        }
        return try Mask.decode(bytes, place: place)
    }

    private func count(_ mask: Mask, at place: String, _ number: Int, _ findings: inout Findings) {
        let map = images.labelMap
        var pixels = [Int](repeating: 0, count: 256)
        var unmapped: [String] = []
        for (value, count) in mask.histogram.enumerated() where count > 0 {
            let value = UInt8(value)
            pixels[Int(map.classID(of: value))] += count
            if map.leavesOut(value) { unmapped.append(String(value)) }
        }
        findings.unlabelledPixels = pixels[255]
        let unknown = (0..<255).filter { pixels[$0] > 0 && $0 >= classCount ?? 255 }
        findings.counts = (0..<255).filter { pixels[$0] > 0 && $0 < classCount ?? 255 }.map { (classID: $0, count: pixels[$0]) }
        if let first = unknown.first, let classCount {
            let total = unknown.reduce(0) { $0 + pixels[$1] }
            findings.faults.append(
                fault(
                    .unknownClass, number, at: place,
                    "\(total) of its pixels have class \(ClassNames.listed(unknown.map(String.init))), "
                        + "but \(unknown.count == 1 ? "\(first) is" : "these are") not in 0…\(classCount - 1) (num_classes is \(classCount))",
                    remedy: "correct the mask, or num_classes; 255 is for pixels without a class"))
        }
        if !unmapped.isEmpty {
            findings.faults.append(
                fault(
                    .unmappedValue, number, at: place,
                    "the label map leaves out its value\(unmapped.count == 1 ? "" : "s") \(ClassNames.listed(unmapped))",
                    remedy: "name the values in the map; as it is, these pixels count as not labelled"))
        }
        if pixels[255] == mask.classIDs.count {
            findings.faults.append(
                fault(
                    .emptyMask, number, at: place, "no pixel of the mask has a class", remedy: "label the picture, or remove both"))
        }
    }
}
