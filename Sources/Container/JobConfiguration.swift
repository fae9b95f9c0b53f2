import Datasets
import Foundation
import Tasks

/// A training job as the platform lays it out in `input/config`.
///
/// Source: `spec/container-contract.md`, "Training: files".
public struct JobConfiguration: Sendable {
    /// Where the job's files are.
    public let tree: ContainerTree
    /// By name, as text.
    public var hyperparameters: [String: String]
    /// By name.
    public var channels: [String: ChannelConfiguration]
    /// This host's name.
    public var host: String
    /// All hosts of the job, this one included.
    public var hosts: [String]
    /// The network interface through which hosts talk; nil: not stated.
    public var interface: String?
    /// The folder of this process's own pipes; nil: the channels'.
    public var pipes: String?
    /// Where the run's state is kept and looked for; nil: nowhere.
    public var checkpoints: String?
    /// Where TensorBoard's event files go; nil: nobody wants them.
    public var tensorBoard: String?

    /// Channels that come through pipes.
    public var pipeChannels: [String] { channels.values.filter { $0.mode == .pipe }.map(\.name).sorted() }

    /// Reads a job's files.
    /// - Throws: ``ContainerError`` that names file, field and value.
    public init(reading tree: ContainerTree) throws {
        self.tree = tree
        let file = tree.configuration("hyperparameters.json")
        guard FileManager.default.fileExists(atPath: file) else {
            throw ContainerError(
                at: file, "there is no such file",
                remedy: "mount the job's folder at \(ContainerTree.standardRoot), or name it with \(ContainerTree.rootVariable)")
        }
        do {
            hyperparameters = try HyperparameterFile.read(file)
        } catch let error as TaskError {
            throw ContainerError(at: "hyperparameters", error.description, remedy: "")
        }
        channels = try Self.channels(tree)
        let resources = try ConfigurationFile.read(tree.configuration("resourceconfig.json"), as: Resources.self)
        host = resources?.host ?? "algo-1"
        hosts = resources?.hosts ?? [host]
        interface = resources?.interface
        checkpoints = Self.folder("checkpointconfig.json", tree, standard: tree.checkpoints)
        tensorBoard = Self.folder("tensorboardoutputconfig.json", tree, standard: tree.tensorBoard)
    }

    private static func channels(_ tree: ContainerTree) throws -> [String: ChannelConfiguration] {
        let file = tree.configuration("inputdataconfig.json")
        if let entries = try ConfigurationFile.read(file, as: [String: ChannelConfiguration.Entry].self) {
            return try entries.reduce(into: [:]) { channels, entry in
                do {
                    channels[entry.key] = try ChannelConfiguration(entry.key, entry.value, file: file)
                } catch let error as ContainerError {
                    // Of a channel that no task reads it does not matter.
                    guard !isRead(entry.key) else { throw error }
                    channels[entry.key] = ChannelConfiguration(entry.key)
                }
            }
        }
        // Outside a platform, folders say enough.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: tree.channels)) ?? []
        return names.filter { !$0.hasPrefix(".") }.reduce(into: [:]) { $0[$1] = ChannelConfiguration($1) }
    }

    private static func isRead(_ channel: String) -> Bool {
        ["train", "validation"].contains { channel.hasPrefix($0) } || ["model", "label_map"].contains(channel)
    }

    /// What goes into a bucket while a job runs is kept where its configuration says so, or where its folder has been made: the platform makes
    /// it, and what its file looks like is documented nowhere.
    private static func folder(_ configuration: String, _ tree: ContainerTree, standard: String) -> String? {
        // The platform writes it, and its user could not mend it.
        if let place = try? ConfigurationFile.read(tree.configuration(configuration), as: LocalPlace.self) {
            return place.folder.map(tree.moved) ?? standard
        }
        return FileManager.default.fileExists(atPath: standard) ? standard : nil
    }

    private struct Resources: Decodable {
        let host: String?
        let hosts: [String]?
        let interface: String?

        private enum CodingKeys: String, CodingKey {
            case host = "current_host"
            case hosts
            case interface = "network_interface_name"
        }
    }

    private struct LocalPlace: Decodable {
        let folder: String?

        private enum CodingKeys: String, CodingKey { case folder = "LocalPath" }
    }
}
