import Imaging
import Storage

/// Looks at one record as closely as training would, and closer: every byte is read, every pixel decoded.
struct RecordCheck: Sendable {
    let images: any AnnotatedImages
    /// `train` or `validation`.
    let channel: String
    /// Number of classes where it is known before the pass.
    let classCount: Int?
    /// `label_width`, where it was given.
    var labelWidth: Int?

    /// What is known of a record after it was looked at.
    struct Findings: Sendable {
        var faults: [DataFault] = []
        /// Where its annotation is.
        var place = ""
        /// The label of a classification record.
        var label: ClassificationLabel?
        /// Boxes or pixels of each class; labels are counted where they are compared with each other.
        var counts: [(classID: Int, count: Int)] = []
        /// Boxes; nil where there is no such annotation.
        var boxCount: Int?
        /// Pixels of a mask that have no class.
        var unlabelledPixels = 0
        /// The picture's size, and how its file is turned, where it could be decoded.
        var shape: PictureShape?
        /// The picture's upright size.
        var size: PixelSize? { shape?.size }
        var picture: ContentDigest?
        var annotation: ContentDigest?
        /// Why the place could not be asked, which says nothing about the data.
        var outage: StorageError?
    }

    /// Never throws: whatever goes wrong with the record is a finding.
    func findings(of number: Int) -> Findings {
        var findings = Findings()
        let record: AnnotatedImage
        do {
            record = try images.record(at: number)
        } catch let error as StorageError where error.kind == .unreachable {
            findings.outage = error
            return findings
        } catch {
            findings.faults = [unreadable(number, error)]
            return findings
        }
        findings.place = record.place
        do {
            let (image, shape) = try decoded(record)
            findings.shape = shape
            findings.picture = try ContentDigest(of: image)
            if let problem = Self.extreme(shape.size) {
                findings.faults.append(
                    fault(
                        .extremeSize, number, at: record.pictureLocation, problem, remedy: "check that the picture is meant to be like this"
                    ))
            }
            checkStatedSize(record, number, image, &findings)
        } catch let error as StorageError where error.kind == .unreachable {
            findings.outage = error
            return findings
        } catch {
            findings.faults.append(pictureFault(error, record, number))
        }
        switch record.annotation {
        case .label(let label): findings.label = label
        case .boxes(let boxes): check(boxes, of: record, number, &findings)
        case .mask(let mask): check(mask, of: record, number, &findings)
        }
        if case .mask = record.annotation { return findings }
        findings.annotation = try? ContentDigest(of: record.annotation)
        return findings
    }

    func fault(_ kind: DataFault.Kind, _ number: Int, at place: String, _ problem: String, remedy: String) -> DataFault {
        DataFault(kind, in: channel, record: number, at: place, problem, remedy: remedy)
    }

    // MARK: Pictures

    private func decoded(_ record: AnnotatedImage) throws -> (Image, PictureShape) {
        if case .pixels(let image) = record.payload { return (image, PictureShape(image)) }
        let bytes = try record.payload.encodedBytes()
        guard !bytes.isEmpty else { throw EmptyFile() }
        return (try Image(decoding: bytes), PictureShape(try ImageHeader(of: bytes)))
    }

    /// A file of no bytes, which Imaging would only call no picture.
    private struct EmptyFile: Error {}

    private func pictureFault(_ error: any Error, _ record: AnnotatedImage, _ number: Int) -> DataFault {
        let place = record.pictureLocation
        if error is EmptyFile {
            return fault(
                .emptyFile, number, at: place, "the picture is empty (0 bytes)", remedy: "copy it again or remove it from the data")
        }
        let fault = DataFault(error, in: channel, record: number, at: place, isAnnotation: false)
        // A picture that is not there is corrected where it is named.
        guard fault.kind == .unreadableFile, record.place != place, images.task != .segmentation else { return fault }
        return self.fault(
            .unreadableFile, number, at: record.place, "its picture \(fault.place): \(fault.problem)", remedy: fault.remedy)
    }

    /// A record that its reader refuses: its annotation is wanting where that alone can't be had either.
    private func unreadable(_ number: Int, _ error: any Error) -> DataFault {
        var isAnnotation = false
        if (error as? DatasetError)?.kind == .unreadable {
            do { _ = try images.annotation(at: number) } catch { isAnnotation = true }
        }
        return DataFault(error, in: channel, record: number, at: "\(images.source), record \(number)", isAnnotation: isAnnotation)
    }

    /// What is extreme about a size; nil: nothing. A side below 8 pixels leaves a network nothing to see, one of more than ten times
    /// the other is mostly lost in a square crop, and 64 million pixels take 200 MB and seconds to decode.
    static func extreme(_ size: PixelSize) -> String? {
        let (shorter, longer) = (min(size.width, size.height), max(size.width, size.height))
        let text = "the picture has \(size.width)×\(size.height) pixels"
        if shorter < 8 { return "\(text), which is very small" }
        if longer > 10 * shorter { return "\(text), which is a strip" }
        return size.width * size.height > 64_000_000 ? "\(text), which is very large" : nil
    }

    private func checkStatedSize(_ record: AnnotatedImage, _ number: Int, _ image: Image, _ findings: inout Findings) {
        guard let stated = record.statedSize, let shape = findings.shape, !shape.isStoredSize(stated) else { return }
        let size = shape.size
        if stated == size {
            if shape.hidesTurn { findings.faults.append(hiddenTurn(shape, "size that its annotation states", record, number)) }
            return
        }
        findings.faults.append(
            fault(
                .wrongImageSize, number, at: record.place,
                "it states \(stated.width)×\(stated.height) pixels, its picture '\(record.name)' has \(size.width)×\(size.height)",
                remedy: "correct the size, or give the annotation its own picture"))
    }

    /// The note that a picture is turned and nothing tells whether its annotation is. `sign`: what might have told.
    func hiddenTurn(_ picture: PictureShape, _ sign: String, _ record: AnnotatedImage, _ number: Int) -> DataFault {
        fault(
            .turnedPicture, number, at: record.pictureLocation,
            "its EXIF orientation (\(picture.orientation.rawValue)) turns the picture, and the \(sign) does not tell whether the annotation "
                + "was made on the turned one; it is taken to be",
            remedy: "look at both, or save the picture upright and without the tag")
    }
}
