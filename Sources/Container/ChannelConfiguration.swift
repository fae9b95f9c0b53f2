import Datasets

/// What `inputdataconfig.json` says of one channel. Everything but the mode may be missing.
public struct ChannelConfiguration: Sendable, Equatable {
    /// The channel's name, such as `train`.
    public let name: String
    /// How the data come.
    public var mode: InputMode
    /// The media type without parameters, such as `application/x-recordio`; nil: not stated.
    public var contentType: String?
    /// How a manifest writes several labels: the media type's parameter `label-format`.
    public var labelFormat: AugmentedManifest.LabelFormat
    /// Whether every object, or every attribute of a manifest, is wrapped as a RecordIO record.
    public var isWrapped: Bool
    /// Whether each host has a part of the objects (`ShardedByS3Key`); otherwise each has all.
    public var isSharded: Bool
    /// `AttributeNames`, where the platform passes them on.
    public var attributeNames: [String]?

    static let recordIO = "application/x-recordio"
    static let images = ["application/x-image", "image/jpeg", "image/jpg", "image/png"]
    static let known = [recordIO] + images + ["application/json", "application/x-sagemaker-model"]

    /// A channel of files of which nothing else is known.
    public init(_ name: String) {
        self.name = name
        mode = .file
        labelFormat = .multiHot
        isWrapped = false
        isSharded = false
    }

    /// - Parameter file: what errors name.
    /// - Throws: ``ContainerError`` for a value that is none of the contract's.
    init(_ name: String, _ entry: Entry, file: String) throws {
        self.init(name)
        func fault(_ field: String, _ value: String, _ allowed: String) -> ContainerError {
            ContainerError(at: "\(file): \(name).\(field)", "it is '\(value)'", remedy: "use \(allowed)")
        }
        if let text = entry.inputMode {
            guard let mode = InputMode(rawValue: text.lowercased()) else {
                throw fault("TrainingInputMode", text, "File, FastFile or Pipe")
            }
            self.mode = mode
        }
        if let text = entry.recordWrapper {
            guard ["none", "recordio"].contains(text.lowercased()) else { throw fault("RecordWrapperType", text, "None or RecordIO") }
            isWrapped = text.lowercased() == "recordio"
        }
        if let text = entry.distribution ?? entry.dataDistribution {
            guard ["FullyReplicated", "ShardedByS3Key"].contains(text) else {
                throw fault("S3DistributionType", text, "FullyReplicated or ShardedByS3Key")
            }
            isSharded = text == "ShardedByS3Key"
        }
        attributeNames = entry.attributeNames.flatMap { $0.isEmpty ? nil : $0 }
        guard let text = entry.contentType, !text.isEmpty else { return }
        let parts = text.split(separator: ";").map { $0.trimmed }
        let type = parts.first?.lowercased() ?? ""
        guard Self.known.contains(type) else { throw fault("ContentType", text, Self.known.joined(separator: ", ")) }
        contentType = type
        for part in parts.dropFirst() where part.lowercased().hasPrefix("label-format=") {
            let value = String(part.dropFirst("label-format=".count))
            guard let format = AugmentedManifest.LabelFormat(rawValue: value) else {
                throw fault("ContentType", text, "label-format=multi-hot or label-format=class-id")
            }
            labelFormat = format
        }
    }

    /// A channel's entry in the file, by the file's names. What is not used here (`ShuffleConfig`, `CompressionType`, of which the platform
    /// has made the data already) is passed over.
    struct Entry: Decodable {
        let inputMode: String?
        let contentType: String?
        let recordWrapper: String?
        let distribution: String?
        /// The request's name for it.
        let dataDistribution: String?
        let attributeNames: [String]?

        private enum CodingKeys: String, CodingKey {
            case inputMode = "TrainingInputMode"
            case contentType = "ContentType"
            case recordWrapper = "RecordWrapperType"
            case distribution = "S3DistributionType"
            case dataDistribution = "S3DataDistributionType"
            case attributeNames = "AttributeNames"
        }
    }
}

extension Substring {
    fileprivate var trimmed: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
