import Foundation
import Imaging
import Storage

/// The pictures and masks that lie beside a manifest that is written.
final class ManifestWriterFiles {
    private let store: any ObjectStore
    private let options: ManifestWriter.Options
    /// The manifest's folder, with `/` at its end, or empty.
    private let folder: String
    private let pictures: String
    private let masks: String
    // Hashes of the names given so far, and how often each was wanted: 16 bytes a name, so that millions fit.
    private var wanted: [Int: Int] = [:]

    init(store: any ObjectStore, manifest name: String, options: ManifestWriter.Options) {
        self.store = store
        self.options = options
        folder = name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
        let own = name.dropFirst(folder.count)
        let stem = ImageFileName.stem(of: String(own))
        // A folder can't have the manifest's own name.
        pictures = stem.count == own.count ? "\(stem)_images/" : "\(stem)/"
        masks = "\(stem)_annotation/"
    }

    /// Unless a run is resumed, nothing that exists is overwritten. Referenced pictures may lie where copies would.
    func refuseExisting(_ manifest: String, task: VisionTask) throws {
        let existing = PictureFiles(store, resume: options.resume)
        try existing.refuseExisting(prefix: manifest)
        if options.pictures == .copied { try existing.refuseExisting(prefix: folder + pictures) }
        if task == .segmentation { try existing.refuseExisting(prefix: folder + masks) }
    }

    /// The reference to a record's picture, which is copied unless it stays where it is; its bytes where they were read.
    func picture(of image: AnnotatedImage) throws -> (reference: String, bytes: [UInt8]?) {
        if options.pictures == .referenced, let reference = Self.reference(to: image.payload) { return (reference, nil) }
        let bytes: [UInt8]
        do {
            bytes = try image.payload.encodedBytes()
        } catch let error as ImagingError {
            throw DatasetError(.unreadable, at: image.place, error.description, remedy: "")
        }
        let name = ImageFileName.make(for: image.name, content: bytes)
        return (reference(to: try put(bytes, as: pictures + name)), bytes)
    }

    /// The reference to a record's mask, which is written as a palette PNG of class numbers.
    func mask(_ payload: ImagePayload, of image: AnnotatedImage) throws -> String {
        let bytes: [UInt8]
        do {
            // As training reads it: what is stored in few bits stands for values of eight.
            let mask = try payload.decodedMask(labelMap: options.labelMap, place: "\(image.place): the mask")
            bytes = try Image(width: mask.size.width, height: mask.size.height, channels: 1, pixels: mask.classIDs)
                .encodedPNG(palette: .pascalVOC)
        } catch let error as ImagingError {
            throw DatasetError(.unreadable, at: image.place, "the mask: \(error.description)", remedy: "")
        }
        let name = ImageFileName.stem(of: ImageFileName.make(for: image.name, content: []))
        return reference(to: try put(bytes, as: masks + name + ".png"))
    }

    private static func reference(to payload: ImagePayload) -> String? {
        switch payload {
        case .file(let path) where path.hasPrefix("/"): return path
        case .file(let path): return FileSystem.join(FileManager.default.currentDirectoryPath, path)
        case .stored(let store, let name):
            let location = store.location(of: name)
            return location.hasPrefix("s3://") || location.hasPrefix("/") ? location : nil
        case .encoded, .pixels: return nil
        }
    }

    private func reference(to path: String) -> String {
        if let prefix = options.referencePrefix { return prefix + path }
        let location = store.location(of: folder + path)
        return location.hasPrefix("s3://") ? location : path
    }

    // The name under which the bytes are kept: the wanted one, or one with a number where other bytes have that already.
    private func put(_ bytes: [UInt8], as path: String) throws -> String {
        let earlier = wanted.updateValue((wanted[path.hashValue] ?? 0) + 1, forKey: path.hashValue) ?? 0
        if earlier > 0 {
            let known = try store.information(about: folder + path)
            if known?.size == bytes.count, try store.bytes(of: folder + path) == bytes { return path }
            let stem = ImageFileName.stem(of: path)
            return try put(bytes, as: "\(stem)_\(earlier + 1)\(path.dropFirst(stem.count))")
        }
        if options.resume || options.pictures == .referenced, let there = try store.information(about: folder + path) {
            if there.size == bytes.count, try options.resume || store.bytes(of: folder + path) == bytes { return path }
            guard options.resume else { throw PictureFiles.isThere(folder + path, in: store) }
        }
        try store.write(bytes, to: folder + path)
        return path
    }
}
