import ArgumentParser
import Datasets
import Foundation
import Training

/// How channels come to training.
struct ChannelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "file: all at hand before training begins; fastfile: read where it is; pipe: records in order, from FIFOs <path>_0, <path>_1, … or from RecordIO and manifests.",
            valueName: "mode"))
    var inputMode = InputMode.file

    @OptionGroup var manifest: ManifestOptions

    @Option(help: ArgumentHelp("Train on the i-th of n shares of the training data, from 0/n.", valueName: "i/n"))
    var shard: String?

    @Option(
        help: ArgumentHelp(
            "What shares are made of: record, for even ones; for classification also object, for whole files, as S3DataDistributionType ShardedByS3Key.",
            valueName: "unit"))
    var shardBy = ShardUnit.record

    func validate() throws {
        if try recordShard() == nil, shardBy == .object {
            throw ValidationError("--shard-by says what --shard shares; give --shard i/n, too.")
        }
    }

    /// The share that `--shard` names.
    func recordShard() throws -> RecordShard? {
        try shard.map { try Self.share($0) }
    }

    /// Reads a share: `0/4`.
    static func share(_ shard: String) throws -> RecordShard {
        let numbers = shard.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let host = numbers[0], let count = numbers[1], let share = try? RecordShard(host: host, of: count) else {
            throw ValidationError("--shard is '\(shard)'; it must be a number, a slash and how many there are, such as 0/4.")
        }
        return share
    }

    /// Puts what the options say into a channel.
    func apply(to channel: inout DetectionChannel) {
        channel.mode = inputMode
        channel.attributeNames = manifest.attributes
        channel.shouldStop = { Interruption.isRequested }
    }

    /// Puts what the options say into a channel.
    func apply(to channel: inout SegmentationChannel) {
        channel.mode = inputMode
        channel.attributeNames = manifest.attributes
        channel.shouldStop = { Interruption.isRequested }
    }

    /// Puts what the options say into a channel.
    func apply(to channel: inout ClassificationChannel) {
        channel.mode = inputMode
        channel.attributeNames = manifest.attributes
        channel.labelFormat = manifest.labelFormat
        channel.shouldStop = { Interruption.isRequested }
    }
}

extension InputMode: ExpressibleByArgument {}
extension ShardUnit: ExpressibleByArgument {}
extension AugmentedManifest.LabelFormat: ExpressibleByArgument {}
