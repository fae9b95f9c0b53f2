import Foundation
import Machine
import Torch

/// How a server is to behave. The defaults suit one model on this machine, reached from this machine.
public struct ServerSettings: Sendable {
    /// A model that is served from the start.
    public struct Model: Sendable, Equatable {
        /// What requests call it: visible ASCII without a slash.
        public var name: String
        /// A model folder, a run's folder, or weights.
        public var path: String

        /// Names a model.
        public init(name: String, path: String) {
            self.name = name
            self.path = path
        }
    }

    /// The address that is listened on.
    public var host = "127.0.0.1"
    /// The port; 0: one that is free.
    public var port = 8080
    /// Models that are loaded at the start, in this order.
    public var models: [Model] = []
    /// Where models may be loaded from by request; nil: nowhere.
    public var modelRoot: String?
    /// Bytes that models may take together; nil: as many as there are.
    public var memoryLimit: Int?

    /// Where inference runs.
    public var device = Device.cpu
    /// Precision of products; nil: bfloat16 where it is native.
    public var precision: DType?
    /// Threads of one operation; nil: one a core.
    public var threads: Int?
    /// Threads that decode pictures; nil: one a core.
    public var decoders: Int?
    /// Images that a network sees at once; nil: 8 on a processor, 32 on a GPU. Segmentation always sees one.
    public var batchLimit: Int?
    /// How long an image waits for others that are being decoded, in seconds.
    public var batchDelay = 0.002
    /// Images between acceptance and answer; more are refused with 429.
    public var queueLimit = 64
    /// Seconds from a request's arrival to its answer; later it is refused with 503.
    public var deadline = 60.0

    /// Bytes of a request's body.
    public var payloadLimit = 6 << 20
    /// Pixels of a picture, by its header.
    public var pixelLimit = 50_000_000
    /// Bytes of bodies that are in memory at once.
    public var bodyMemoryLimit = 512 << 20
    /// Seconds in which a request's body must arrive.
    public var bodyTimeout = 30.0
    /// Seconds after which a connection without a request is closed.
    public var idleTimeout = 60.0
    /// Connections at once; more wait until one is closed.
    public var connectionLimit = 20_000
    /// Seconds that accepted requests have after SIGTERM.
    public var drainTimeout = 25.0

    /// What clients must send as `Authorization: Bearer …`; nil: nothing.
    public var token: String?
    /// The certificate chain and its key, PEM files; nil: plain HTTP.
    public var certificate: (chain: String, key: String)?
    /// Whether the server works for a batch transform, whose answers are JSON Lines by default.
    public var isBatchTransform = false

    /// The defaults.
    public init() {}

    var resolvedBatchLimit: Int { batchLimit ?? (device == .cpu ? 8 : 32) }
    var resolvedDecoders: Int { decoders ?? max(1, ProcessorCores.available) }

    /// Refuses values that can't be.
    /// - Throws: ``ServingError`` that names the setting, its value and what is allowed.
    public func check() throws {
        func refuse(_ condition: Bool, _ sentence: String) throws { if condition { throw ServingError(.badSettings, sentence) } }
        try refuse(!(0...65535).contains(port), "port is \(port); it must be from 0 to 65535.")
        for (name, value) in [
            ("max-batch", resolvedBatchLimit), ("max-queue", queueLimit), ("decoders", resolvedDecoders), ("max-payload", payloadLimit),
            ("max-pixels", pixelLimit), ("max-connections", connectionLimit),
        ] { try refuse(value < 1, "\(name) is \(value); it must be 1 or more.") }
        for (name, value) in [
            ("deadline", deadline), ("body-timeout", bodyTimeout), ("idle-timeout", idleTimeout), ("drain-timeout", drainTimeout),
        ] { try refuse(!(value > 0 && value <= 86400), "\(name) is \(value) seconds; it must be above 0 and at most a day.") }
        try refuse(!(0...10).contains(batchDelay), "batch-delay is \(batchDelay) seconds; it must be from 0 to 10.")
        var names: Set<String> = []
        for model in models {
            try ServerSettings.check(modelName: model.name)
            try refuse(!names.insert(model.name).inserted, "Two models are named '\(model.name)'. Give one another name: NAME=PATH.")
        }
        if let token { try refuse(token.isEmpty || !token.isVisibleASCII, "The token must be visible ASCII characters, at least one.") }
    }

    /// Refuses names that a path of a URL can't hold as they are.
    static func check(modelName name: String) throws {
        guard !name.isEmpty, name.utf8.count <= 1024, name.isVisibleASCII, !name.contains("/") else {
            throw ServingError(
                .badRequest, "The model name '\(name.prefix(80))' can't be. Use 1 to 1024 visible ASCII characters without a slash.")
        }
    }
}

extension String {
    /// Whether every character is printable ASCII other than the blank.
    var isVisibleASCII: Bool { utf8.allSatisfy { (0x21...0x7E).contains($0) } }
}
