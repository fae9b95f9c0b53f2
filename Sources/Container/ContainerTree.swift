import Foundation

/// The folders and files that a platform gives to a container and takes from it.
///
/// Source: `spec/container.md`; everything lies below `/opt/ml`, which may be moved for use outside a container.
public struct ContainerTree: Sendable, Equatable {
    /// Where the platform puts it.
    public static let standardRoot = "/opt/ml"
    /// The environment variable that moves it.
    public static let rootVariable = "SIGHTLINE_ROOT"

    /// The folder that everything lies in.
    public let root: String

    /// The tree at `root`.
    public init(_ root: String) { self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root }

    /// The tree at `root` or, where that is nil, at `SIGHTLINE_ROOT` or in its standard place.
    public init(root: String?, environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.init(root ?? environment[Self.rootVariable].flatMap { $0.isEmpty ? nil : $0 } ?? Self.standardRoot)
    }

    /// A file of `input/config`.
    public func configuration(_ name: String) -> String { root + "/input/config/" + name }
    /// The folder of all channels.
    public var channels: String { root + "/input/data" }
    /// A channel's folder or, in pipe mode, what its FIFOs' names begin with.
    public func channel(_ name: String) -> String { channels + "/" + name }
    /// The artifact; serving finds it here, too.
    public var model: String { root + "/model" }
    /// Whatever else a job leaves: reports.
    public var outputData: String { root + "/output/data" }
    /// Where TensorBoard's event files go unless `tensorboardoutputconfig.json` says otherwise.
    public var tensorBoard: String { root + "/output/tensorboard" }
    /// The reason of a failure.
    public var failure: String { root + "/output/failure" }
    /// Where checkpoints go unless `checkpointconfig.json` says otherwise.
    public var checkpoints: String { root + "/checkpoints" }

    /// A path that the platform gives, which begins in the standard place, in this tree.
    public func moved(_ path: String) -> String {
        path == Self.standardRoot || path.hasPrefix(Self.standardRoot + "/") ? root + path.dropFirst(Self.standardRoot.count) : path
    }
}
