import CCurl
import Foundation

/// How far a download came.
public struct DownloadProgress: Sendable, Equatable {
    /// Bytes that are there, those of earlier attempts included.
    public var received: Int
    /// Bytes of the whole file, nil where the server does not tell.
    public var total: Int?
    /// Bytes a second over the current attempt.
    public var bytesPerSecond: Double
}

/// Fetches published weights into a cache: resumed where it was cut, verified by SHA-256 and only then given its name.
///
/// One process at a time fetches a file; others wait and find it. All calls block the calling thread.
public struct Downloader: Sendable {
    /// How long to wait, in seconds.
    public struct Timeouts: Sendable, Equatable {
        /// For a connection.
        public var connect = 15.0
        /// For the next byte.
        public var stall = 30.0

        /// 15 s for a connection, 30 s without a byte.
        public init() {}
    }

    /// How to try again after a server's fault (5xx, 408, 429) or a cut connection.
    public struct Retries: Sendable, Equatable {
        /// Attempts in a row that bring nothing new before giving up.
        public var attempts = 5
        /// The first pause in seconds; each following one is twice as long, and a random part of it is taken.
        public var firstPause = 0.5
        /// The longest pause in seconds.
        public var longestPause = 20.0

        /// 5 attempts with pauses from 0.5 s to 20 s.
        public init() {}
    }

    /// Where files are kept.
    public var cache: WeightCache
    /// How long to wait.
    public var timeouts = Timeouts()
    /// How to try again.
    public var retries = Retries()

    /// Makes a downloader.
    public init(cache: WeightCache = WeightCache()) {
        self.cache = cache
    }

    /// Fetches the weights of the catalogue's entry, or finds them in the cache.
    ///
    /// - Parameters:
    ///   - weights: an entry of ``PretrainedCatalogue``.
    ///   - progress: told several times a second.
    ///   - isCancelled: asked several times a second; true stops and leaves a partial file that the next call resumes.
    /// - Returns: the path of the verified file.
    /// - Throws: ``WeightsError``; without a network the sentence says which file to put where.
    public func fetch(
        _ weights: PretrainedWeights, progress: @escaping (DownloadProgress) -> Void = { _ in },
        isCancelled: @escaping () -> Bool = { false }
    ) throws -> String {
        try fetch(weights.file, from: weights.url, sha256Prefix: weights.hashPrefix, progress: progress, isCancelled: isCancelled)
    }

    /// Fetches any file, or finds it in the cache.
    ///
    /// - Parameters:
    ///   - file: its name in the cache.
    ///   - url: where it is published (http or https).
    ///   - sha256Prefix: the hexadecimal digits with which its SHA-256 must begin.
    ///   - progress: told several times a second.
    ///   - isCancelled: asked several times a second; true stops and leaves a partial file that the next call resumes.
    /// - Returns: the path of the verified file.
    public func fetch(
        _ file: String, from url: String, sha256Prefix: String, progress: @escaping (DownloadProgress) -> Void = { _ in },
        isCancelled: @escaping () -> Bool = { false }
    ) throws -> String {
        let job = DownloadJob(
            file: file, url: url, hashPrefix: sha256Prefix.lowercased(), final: cache.path(of: file), downloader: self,
            isCancelled: isCancelled, progress: progress)
        if try job.isInCache() { return job.final }
        do {
            try FileManager.default.createDirectory(atPath: cache.folder, withIntermediateDirectories: true)
        } catch {
            throw WeightsError(
                .system,
                "The cache folder \(cache.folder) cannot be made: \(systemMessage()). Choose another with SIGHTLINE_CACHE.")
        }
        try withFileLock(job.final + ".lock", isCancelled: isCancelled) {
            // Whoever held the lock before may have fetched it.
            if try job.isInCache(removing: true) { return }
            switch cache.origin(of: file, url: url) {
            case .localFile(let path): try job.copy(from: path)
            case .url(let url): try job.download(from: url)
            }
        }
        return job.final
    }
}
