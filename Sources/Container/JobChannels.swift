import Datasets
import Foundation
import Storage

extension JobConfiguration {
    /// The training channel and the validation channel, where there is one, as a task opens them.
    public typealias Halves<Channel> = (training: Channel, validation: Channel?)

    /// Channels of classification: RecordIO, images with a list, or a manifest through a pipe.
    /// - Parameter shouldStop: ends waiting for pipes.
    /// - Throws: ``ContainerError``.
    public func classificationChannels(shouldStop: @escaping @Sendable () -> Bool) throws -> Halves<ClassificationChannel> {
        let stores = Stores()
        return try halves { configuration, split in
            var channel = ClassificationChannel(path(of: configuration), stores: stores)
            channel.mode = configuration.mode
            channel.split = split
            channel.list = try list(of: configuration)
            channel.isPartial = configuration.isSharded
            channel.attributeNames = try attributes(of: configuration, label: "class")
            channel.labelFormat = configuration.labelFormat
            channel.shouldStop = shouldStop
            return channel
        }
    }

    /// Channels of detection: RecordIO, images with JSON files, or a manifest through a pipe.
    /// - Parameter shouldStop: ends waiting for pipes.
    /// - Throws: ``ContainerError``.
    public func detectionChannels(shouldStop: @escaping @Sendable () -> Bool) throws -> Halves<DetectionChannel> {
        let stores = Stores()
        return try halves { configuration, split in
            var channel = DetectionChannel(path(of: configuration), stores: stores)
            channel.mode = configuration.mode
            channel.channel = split == .training ? "train" : "validation"
            channel.annotations = try annotations(of: configuration)
            channel.list = try list(of: configuration)
            channel.attributeNames = try attributes(of: configuration, label: "annotations")
            channel.ignored = foreignEntries(of: configuration)
            channel.shouldStop = shouldStop
            return channel
        }
    }

    /// Channels of segmentation: images with masks, or a manifest through a pipe.
    /// - Parameter shouldStop: ends waiting for pipes.
    /// - Throws: ``ContainerError``.
    public func segmentationChannels(shouldStop: @escaping @Sendable () -> Bool) throws -> Halves<SegmentationChannel> {
        let stores = Stores()
        return try halves { configuration, split in
            var channel = SegmentationChannel(path(of: configuration), stores: stores)
            channel.mode = configuration.mode
            channel.channel = split == .training ? "train" : "validation"
            channel.annotations = try annotations(of: configuration)
            channel.labelMap = channels["label_map"].map { tree.channel($0.name) }
            // A pipe of masks holds nothing else, whatever its wrapper is said to be.
            let pair = configuration.mode == .pipe ? ["source-ref", "mask-ref"] : nil
            channel.attributeNames = try attributes(of: configuration, label: "mask-ref") ?? pair
            channel.ignored = foreignEntries(of: configuration)
            channel.shouldStop = shouldStop
            return channel
        }
    }

    /// Channels that no task reads, for the log.
    public func unusedChannels(of task: VisionTask) -> [String] {
        let beside = task == .classification ? ["_lst"] : task == .detection ? ["_annotation", "_lst"] : ["_annotation"]
        var used = ["train", "validation", "model"] + ["train", "validation"].flatMap { half in beside.map { half + $0 } }
        if task == .segmentation { used.append("label_map") }
        return channels.keys.filter { !used.contains($0) }.sorted()
    }

    // MARK: Parts

    /// Where a channel's data are: pipes of this process's own, where several processes of a host read one channel.
    private func path(of channel: ChannelConfiguration) -> String {
        guard channel.mode == .pipe, let pipes else { return tree.channel(channel.name) }
        return pipes + "/" + channel.name
    }

    private var file: String { tree.configuration("inputdataconfig.json") }

    private func halves<Channel>(
        _ make: (ChannelConfiguration, ClassificationSplit) throws -> Channel
    ) throws -> Halves<Channel> {
        guard let train = channels["train"] else {
            let found = channels.keys.sorted().joined(separator: ", ")
            throw ContainerError(
                at: file, "there is no channel 'train'\(found.isEmpty ? ", nor any other" : " but \(found)")",
                remedy: "add a channel named train")
        }
        for channel in [train, channels["validation"]].compactMap({ $0 }) { try checkContent(of: channel) }
        return (try make(train, .training), try channels["validation"].map { try make($0, .validation) })
    }

    /// Says at once what a file format's reader would say in its own words.
    private func checkContent(of channel: ChannelConfiguration) throws {
        guard channel.mode != .pipe else { return }
        let folder = tree.channel(channel.name)
        let names = try entries(of: channel.name)
        guard channel.contentType == ChannelConfiguration.recordIO,
            !names.contains(where: { [".rec", ".recordio"].contains(where: $0.lowercased().hasSuffix) })
        else { return }
        throw ContainerError(
            at: "\(file): \(channel.name).ContentType",
            "it is \(ChannelConfiguration.recordIO), and \(folder) holds no .rec file but \(listed(names))",
            remedy: "give the channel RecordIO, or set ContentType to \(ChannelConfiguration.images[0])")
    }

    /// The one `.lst` of the channel `<name>_lst`.
    private func list(of channel: ChannelConfiguration) throws -> String? {
        guard channels[channel.name + "_lst"] != nil, channel.mode != .pipe else { return nil }
        let folder = tree.channel(channel.name + "_lst")
        let names = try entries(of: channel.name + "_lst")
        let lists = names.filter { $0.hasSuffix(".lst") }
        guard lists.count == 1 else {
            throw ContainerError(
                at: folder, lists.isEmpty ? "it holds no .lst file but \(listed(names))" : "it holds several lists: \(listed(lists))",
                remedy: "leave exactly one .lst in the channel \(channel.name)_lst")
        }
        return folder + "/" + lists[0]
    }

    private func annotations(of channel: ChannelConfiguration) throws -> String? {
        let name = channel.name + "_annotation"
        guard channels[name] != nil, channel.mode != .pipe else { return nil }
        _ = try entries(of: name)
        return tree.channel(name)
    }

    /// The attributes whose records alternate in a pipe. Which names they have does not matter there, only how many and in which order.
    private func attributes(of channel: ChannelConfiguration, label: String) throws -> [String]? {
        guard channel.mode == .pipe, channel.isWrapped || channel.attributeNames != nil else { return channel.attributeNames }
        return channel.attributeNames ?? ["source-ref", label]
    }

    /// Names of other channels that begin with this one's, as `train_annotation` with `train`: where a channel's prefix in the bucket is no
    /// whole folder's name, the platform brings those in, too.
    private func foreignEntries(of channel: ChannelConfiguration) -> [String] {
        let others = channels.keys.filter { $0.hasPrefix(channel.name + "_") }
        return others + others.map { String($0.dropFirst(channel.name.count)) }
    }

    private func entries(of channel: String) throws -> [String] {
        let folder = tree.channel(channel)
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder).filter({ !$0.hasPrefix(".") }) else {
            throw ContainerError(
                at: folder, "there is no such folder, though \(file) names the channel '\(channel)'",
                remedy: "check where the channel's data are")
        }
        guard !names.isEmpty else { throw ContainerError(at: folder, "it holds no files", remedy: "check the channel's S3Uri") }
        return names.sorted()
    }

    private func listed(_ names: [String]) -> String { names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", …" : "") }
}
