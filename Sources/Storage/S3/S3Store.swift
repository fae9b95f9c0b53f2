import Foundation

/// A prefix of an S3 bucket.
///
/// Source: Amazon S3 API Reference (ListObjectsV2, GetObject, HeadObject, PutObject, DeleteObject).
public struct S3Store: ObjectStore {
    private let client: S3Client
    private let bucket: String
    /// Empty, or ending in a slash.
    private let prefix: String

    /// A prefix of a bucket; `prefix` is a folder's name, with or without a slash at its end.
    ///
    /// - Parameters:
    ///   - bucket: the bucket's name.
    ///   - prefix: what names are relative to; empty for the whole bucket.
    ///   - environment: where credentials, region and endpoint are looked up: AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL
    ///     and the others that AWS's tools know.
    ///   - retries: when a request that failed is tried again.
    /// - Throws: ``StorageError`` for settings that can't be; nothing is asked of the server yet.
    public init(
        bucket: String, prefix: String, environment: [String: String] = ProcessInfo.processInfo.environment,
        retries: RetryPolicy = RetryPolicy()
    ) throws {
        self.init(client: try S3Client(environment: environment, retries: retries), bucket: bucket, prefix: prefix)
    }

    init(client: S3Client, bucket: String, prefix: String) {
        self.client = client
        self.bucket = bucket
        self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
    }

    /// The same service, another place in it; connections, credentials and regions are shared.
    public func store(bucket: String, prefix: String) -> S3Store { S3Store(client: client, bucket: bucket, prefix: prefix) }

    /// `s3://bucket/prefix`.
    public var place: String { "s3://\(bucket)/\(prefix)" }

    /// `s3://bucket/prefix/name`.
    public func location(of name: String) -> String { place + name }

    private func call(_ method: String, _ name: String) -> S3Client.Call {
        S3Client.Call(method: method, bucket: bucket, key: prefix + name)
    }

    /// Lists a page of at most a thousand objects at a time.
    public func list(prefix wanted: String, _ receive: ([StoredObject]) throws -> Bool) throws {
        var token: String?
        repeat {
            var call = S3Client.Call(bucket: bucket)
            call.query = [("list-type", "2"), ("prefix", prefix + wanted), ("encoding-type", "url")]
            if let token { call.query.append(("continuation-token", token)) }
            let answer = try client.send(call).body
            guard let page = try? XMLTree(answer) else {
                throw StorageError(
                    .unreachable, at: place, "the server's list of objects can't be read", remedy: "check AWS_ENDPOINT_URL: is it S3?")
            }
            // Not every server knows the parameter.
            let isEncoded = page["EncodingType"]?.lowercased() == "url"
            let objects = page.all("Contents").compactMap { entry -> StoredObject? in
                guard let encoded = entry["Key"], let size = entry["Size"].flatMap({ Int($0) }) else {
                    return nil
                }
                // Within a query's encoding a plus sign is a space.
                let key = isEncoded ? encoded.replacing("+", with: "%20").removingPercentEncoding ?? encoded : encoded
                guard key.hasPrefix(prefix), !key.hasSuffix("/") else { return nil }
                let name = String(key.dropFirst(prefix.count))
                let isHidden = name.split(separator: "/").contains { $0.hasPrefix(".") }
                return isHidden ? nil : StoredObject(name: name, size: size, tag: entry["ETag"] ?? "")
            }
            if !objects.isEmpty, try !receive(objects) { return }
            token = page["NextContinuationToken"]
            guard page["IsTruncated"] == "true" else { return }
            guard token != nil else {
                throw StorageError(
                    .unreachable, at: place, "the server's list of objects goes on, and it does not say where",
                    remedy: "use a server that knows ListObjectsV2")
            }
        } while token != nil
    }

    /// Asks for an object's size and tag; nil where there is none.
    public func information(about name: String) throws -> StoredObject? {
        let answer = try client.send(call("HEAD", name), accepting: [404])
        guard answer.status != 404 else { return nil }
        guard let size = answer.headers["content-length"].flatMap({ Int($0) }) else {
            throw StorageError(.unreachable, at: location(of: name), "the server does not tell its size", remedy: "use a server that does")
        }
        return StoredObject(name: name, size: size, tag: answer.headers["etag"] ?? "")
    }

    private func existing(_ name: String) throws -> StoredObject {
        guard let object = try information(about: name) else {
            throw StorageError(.missing, at: location(of: name), "there is no such object", remedy: "check the key")
        }
        return object
    }

    /// The whole content, in one request where nothing goes wrong.
    public func bytes(of name: String) throws -> [UInt8] {
        // A plain GET tells the size itself; only large objects are worth a second question.
        try client.send(call("GET", name)).body
    }

    /// A part of an object.
    public func bytes(of name: String, range: Range<Int>) throws -> [UInt8] {
        guard !range.isEmpty else { return [] }
        var failure: (any Error)?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
            do {
                try client.read(call("GET", name), range: range, tag: nil, into: UnsafeMutableRawBufferPointer(buffer))
                filled = range.count
            } catch {
                filled = 0
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// The content in order, read ahead over several connections.
    public func open(_ name: String) throws -> any ByteStream {
        S3ReadStream(client, call("GET", name), object: try existing(name))
    }

    /// A new object.
    public func create(_ name: String) throws -> any ByteSink { S3UploadSink(client, call("PUT", name)) }

    /// Removes an object.
    public func remove(_ name: String) throws { _ = try client.send(call("DELETE", name), accepting: [404]) }
}
