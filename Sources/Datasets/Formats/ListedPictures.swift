import Foundation
import Storage

/// The image channel below which the paths of a list lie: a folder of this machine or a prefix of a bucket.
struct ListedPictures: Sendable {
    private let images: any ObjectStore
    /// What the channel holds, where asking for each picture would take a request.
    private let listing: ChannelFiles?

    /// The pictures of a store. `listing`: what it holds, where it has been listed already.
    init(_ images: any ObjectStore, listing: ChannelFiles? = nil) throws {
        self.images = images
        self.listing = try listing ?? (images is LocalStore ? nil : ChannelFiles(images))
    }

    /// What messages call the channel.
    var place: String { images.place }

    /// Whether there is a picture of a list's path.
    func holds(_ path: String) -> Bool {
        listing?.contains(Self.key(path)) ?? (FileSystem.kind(of: images.location(of: path)) == .file)
    }

    /// A picture by a list's path, not read. `place`: the line.
    /// - Throws: ``DatasetError`` where it is not there.
    func picture(_ path: String, at place: String) throws -> (name: String, payload: ImagePayload) {
        guard holds(path) else { throw absent(path, at: place) }
        let name = Self.key(path)
        return (name, images is LocalStore ? .file(images.location(of: path)) : .stored(images, name: name))
    }

    /// The error for a picture that is not there. `count`: how many are missing, for people.
    func absent(_ path: String, at place: String, _ count: String? = nil) -> DatasetError {
        DatasetError(
            .unreadable, at: place, "the image '\(path)' is not in '\(images.place)'" + (count.map { " \($0)" } ?? ""),
            remedy: hint(for: path))
    }

    /// `./a.jpg` is a path, but no key of a bucket.
    private static func key(_ path: String) -> String {
        var path = Substring(path)
        while path.hasPrefix("./") { path = path.dropFirst(2) }
        return String(path)
    }

    private func hint(for path: String) -> String {
        if let decoded = path.removingPercentEncoding, decoded != path, holds(decoded) {
            return "there is a '\(decoded)': write paths as they are, not percent-encoded"
        }
        let slashes = path.replacingOccurrences(of: "\\", with: "/")
        if slashes != path, holds(slashes) { return "there is a '\(slashes)': separate folders by '/'" }
        return "paths are relative to the image channel; add the image or remove the line"
    }
}
