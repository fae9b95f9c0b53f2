import Foundation

/// Where downloaded weights are kept and from where they come: settings of the environment.
public struct WeightCache: Sendable, Equatable {
    /// The folder of weight files.
    public var folder: String
    /// A base URL or a local folder that is asked instead of the publisher, nil for the publisher.
    public var mirror: String?

    /// Keeps weights in a folder of the caller's choice.
    public init(folder: String, mirror: String? = nil) {
        self.folder = folder
        self.mirror = mirror
    }

    /// The places that the environment names: `weights` in `$SIGHTLINE_CACHE`, else in `$XDG_CACHE_HOME/sightline`, else in
    /// `~/.cache/sightline`; and the mirror `$SIGHTLINE_WEIGHTS_MIRROR`. Empty variables count as absent, and so does a
    /// relative `XDG_CACHE_HOME`, as the XDG Base Directory Specification demands.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let root: String
        if let cache = value("SIGHTLINE_CACHE") {
            root = cache
        } else if let cache = value("XDG_CACHE_HOME"), cache.hasPrefix("/") {
            root = cache + "/sightline"
        } else {
            root = (value("HOME") ?? NSHomeDirectory()) + "/.cache/sightline"
        }
        folder = root + "/weights"
        mirror = value("SIGHTLINE_WEIGHTS_MIRROR")
    }

    /// The path at which a file is kept.
    public func path(of file: String) -> String { folder + "/" + file }

    /// Where a file comes from.
    enum Origin: Equatable {
        case url(String)
        case localFile(String)
    }

    /// Where a published file comes from: the mirror's file of the same name where a mirror is set, else `url`.
    func origin(of file: String, url: String) -> Origin {
        guard let mirror else { return .url(url) }
        let base = mirror.hasSuffix("/") ? String(mirror.dropLast()) : mirror
        if base.hasPrefix("http://") || base.hasPrefix("https://") { return .url("\(base)/\(file)") }
        if base.hasPrefix("file://") { return .localFile("\(base.dropFirst("file://".count))/\(file)") }
        return .localFile("\(base)/\(file)")
    }
}
