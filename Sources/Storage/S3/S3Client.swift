import CDigest
import Foundation
import Synchronization

/// Signed requests to S3, tried again where that may help. From any thread.
final class S3Client: Sendable {
    let retries: RetryPolicy
    private let isWanted: @Sendable () -> Bool
    private let settings: S3Settings
    private let credentials: S3CredentialChain
    private let http: HTTPClient
    /// Regions that buckets turned out to be in.
    private let regions = Mutex<[String: String]>([:])

    /// `isWanted`: whether requests that fail are worth another try.
    /// - Throws: ``StorageError`` for settings that can't be.
    init(
        environment: [String: String], retries: RetryPolicy = RetryPolicy(), isWanted: @escaping @Sendable () -> Bool = { true }
    ) throws {
        self.isWanted = isWanted
        let http = HTTPClient()
        let chain = S3CredentialChain(environment: environment, http: http)
        (self.http, credentials, self.retries) = (http, chain, retries)
        settings = try S3Settings(environment: environment, fallbackRegion: chain.machineRegion)
    }

    /// A request for a key of a bucket, or for the bucket where the key is empty.
    struct Call {
        var method = "GET"
        var bucket: String
        var key = ""
        var query: [(name: String, value: String)] = []
        var headers: [(name: String, value: String)] = []
        var body: [UInt8]?
    }

    /// Asks until the answer is final.
    ///
    /// - Parameters:
    ///   - call: what to ask.
    ///   - shouldStop: true ends it with ``StorageError/Kind/cancelled``.
    /// - Returns: an answer with status 2xx, or one that `accepting` lists.
    /// - Throws: ``StorageError``.
    func send(_ call: Call, accepting: Set<Int> = [], shouldStop: () -> Bool = { false }) throws -> HTTPResponse {
        var retry = RetryCounter(retries)
        while true {
            switch try attempt(call, accepting: accepting, receive: nil, shouldStop: shouldStop) {
            case .answer(let response): return response
            case .again(let error, let wanted):
                guard retry.pause(wanted: wanted, shouldStop: { shouldStop() || !isWanted() }) else {
                    throw shouldStop() || !isWanted() ? cancelled(call) : error
                }
            }
        }
    }

    /// Asks for a range of an object until all of it has come; a body that is cut goes on at the byte where it was cut.
    ///
    /// - Parameters:
    ///   - call: a GET without a `Range`.
    ///   - range: bytes of the object.
    ///   - tag: the object's entity tag: another content is an error, never a mixture; nil: not checked.
    ///   - buffer: as long as the range.
    ///   - shouldStop: true ends it.
    /// - Throws: ``StorageError``.
    func read(
        _ call: Call, range: Range<Int>, tag: String?, into buffer: UnsafeMutableRawBufferPointer, shouldStop: () -> Bool = { false }
    ) throws {
        var retry = RetryCounter(retries)
        var done = 0
        while done < range.count {
            var call = call
            call.headers.append(("Range", "bytes=\(range.lowerBound + done)-\(range.upperBound - 1)"))
            if let tag { call.headers.append(("If-Match", tag)) }
            let before = done
            let outcome = try attempt(call, accepting: []) { bytes in
                let part = bytes.prefix(buffer.count - done)
                UnsafeMutableRawBufferPointer(rebasing: buffer[done...]).copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
                done += part.count
                // More than was asked for is the whole of an object from its beginning on.
                return part.count == bytes.count
            } shouldStop: {
                shouldStop()
            }
            var problem = location(call)
            var wanted: Double?
            var failure = StorageError(
                .unreachable, at: problem, "the server ends its answers too early", remedy: "check the server and the network")
            switch outcome {
            case .answer(let response):
                problem = "\(response.status)"
                // A server that ignores ranges would be read from its first byte again and again.
                guard response.status == 206 || range.lowerBound + before == 0 else {
                    throw StorageError(
                        .unreachable, at: location(call), "the server answers \(problem) to a request for a part",
                        remedy: "use a server that knows ranges")
                }
            case .again(let error, let seconds): (failure, wanted) = (error, seconds)
            }
            if done == range.count { return }
            if done > before { retry.madeProgress() }
            guard retry.pause(wanted: wanted, shouldStop: { shouldStop() || !isWanted() }) else {
                throw shouldStop() || !isWanted() ? cancelled(call) : failure
            }
        }
    }

    // MARK: One try

    private enum Outcome {
        case answer(HTTPResponse)
        /// Worth another try. `after`: seconds that the server wants.
        case again(StorageError, after: Double?)
    }

    private func attempt(
        _ call: Call, accepting: Set<Int>, receive: ((UnsafeRawBufferPointer) -> Bool)?, shouldStop: () -> Bool
    ) throws -> Outcome {
        var renewing = false
        var redirected = false
        while true {
            let region = regions.withLock { $0[call.bucket] } ?? settings.region
            let request = try request(call, region: region, renewing: renewing)
            let response: HTTPResponse
            do {
                response = try http.send(request, receive: receive, shouldStop: shouldStop)
            } catch {
                if shouldStop() { throw cancelled(call) }
                let failure = StorageError(
                    .unreachable, at: location(call), "no whole answer came (\(error.reason))",
                    remedy: "check the network, the endpoint and the region")
                guard error.isTemporary || error.isCancelled else { throw failure }
                return .again(failure, after: nil)
            }
            if (200..<300).contains(response.status) || accepting.contains(response.status) { return .answer(response) }
            let fault = S3Fault(response, location: location(call))
            if !redirected, let right = fault.region, right != region {
                regions.withLock { $0[call.bucket] = right }
                redirected = true
                continue
            }
            if !renewing, fault.keysHaveExpired {
                renewing = true
                continue
            }
            guard RetryPolicy.isTemporary(status: response.status, code: fault.code) else { throw fault.error }
            return .again(fault.error, after: response.headers["retry-after"].flatMap(Double.init))
        }
    }

    private func request(_ call: Call, region: String, renewing: Bool) throws -> HTTPRequest {
        var request = HTTPRequest(
            method: call.method, url: settings.url(bucket: call.bucket, key: call.key, region: region, query: call.query),
            headers: call.headers, body: call.body)
        guard !credentials.isAnonymous else { return request }
        let keys = try credentials.credentials(renewing: renewing)
        request.headers.append(("x-amz-content-sha256", Self.sha256(call.body ?? [])))
        if let token = keys.sessionToken { request.headers.append(("x-amz-security-token", token)) }
        request.signature = .init(accessKey: keys.accessKey, secretKey: keys.secretKey, region: region, service: "s3")
        return request
    }

    private func location(_ call: Call) -> String { "s3://\(call.bucket)/\(call.key)" }

    private func cancelled(_ call: Call) -> StorageError {
        StorageError(.cancelled, at: location(call), "the transfer was cancelled", remedy: "")
    }

    private static func sha256(_ bytes: [UInt8]) -> String {
        var out = [UInt8](repeating: 0, count: 32)
        if let digest = cdigest_sha256_new() {
            defer { cdigest_free(digest) }
            _ = bytes.withUnsafeBytes { cdigest_update(digest, $0.baseAddress, $0.count) }
            _ = cdigest_finish(digest, &out)
        }
        return out.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
