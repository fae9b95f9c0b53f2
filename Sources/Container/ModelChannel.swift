import Datasets
import Foundation
import Weights

extension JobConfiguration {
    /// The model that training goes on from: the channel `model`, unpacked or as `model.tar.gz`; nil: there is no such channel.
    ///
    /// What else lies in the channel is passed over: a prefix of a bucket brings in neighbours.
    /// - Throws: ``ContainerError`` where the channel holds no model.
    public func startingModel() throws -> String? {
        guard let channel = channels["model"] else { return nil }
        let folder = tree.channel("model")
        guard channel.mode != .pipe else {
            throw ContainerError(
                at: "\(tree.configuration("inputdataconfig.json")): model.TrainingInputMode", "it is Pipe",
                remedy: "use File for the channel model")
        }
        for place in [folder, folder + "/model"]
        where FileManager.default.fileExists(atPath: place + "/" + ModelFolder.weightsName) { return place }
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        let archives = names.filter { ModelArchive.isArchive($0) && !$0.hasPrefix(".") }
        if let archive = archives.first(where: { $0 == "model.tar.gz" }) ?? archives.first, archives.count == 1 || archive == "model.tar.gz"
        {
            return folder + "/" + archive
        }
        if names.contains(where: { $0.hasSuffix(".params") }) {
            throw ContainerError(
                at: folder, "it holds a model of the original algorithm, whose MXNet weights are not read",
                remedy: "leave the channel out, or train a model with Sightline first")
        }
        let found = archives.count > 1 ? "several archives" : names.isEmpty ? "nothing" : names.prefix(4).joined(separator: ", ")
        throw ContainerError(
            at: folder, "it holds no model but \(found)", remedy: "give the channel model the model.tar.gz of an earlier job")
    }
}
