import Foundation

/// A new object: small ones in one request, others in parts that are sent while more is written. Nothing is visible before ``commit()``.
///
/// Source: Amazon S3 User Guide, "Uploading an object using multipart upload".
final class S3UploadSink: ByteSink, @unchecked Sendable {
    // Unchecked: a sink belongs to one thread at a time; what its threads share is in `queue`.
    private let client: S3Client
    private let call: S3Client.Call
    private var pending: [UInt8] = []
    private var parts = 0
    private var queue: S3UploadQueue?
    private var uploadID: String?
    private var isCommitted = false

    static let firstPartSize = 8 << 20
    static let connections = 4

    init(_ client: S3Client, _ call: S3Client.Call) {
        self.client = client
        self.call = call
    }

    deinit {
        guard !isCommitted, let uploadID else { return }
        queue?.cancel()
        var abort = call
        (abort.method, abort.query) = ("DELETE", [("uploadId", uploadID)])
        // What can't be removed now a bucket's lifecycle rule removes.
        _ = try? client.send(abort, accepting: [404])
    }

    /// Parts double every thousand, so that the ten thousand that S3 allows hold its largest object.
    private var partSize: Int { Self.firstPartSize << (parts / 1000) }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(partSize - pending.count)
            pending.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece))
            rest = rest.dropFirst(piece.count)
            if pending.count == partSize { try sendPart() }
        }
    }

    func commit() throws {
        guard let uploadID, let queue else {
            var put = call
            (put.method, put.body) = ("PUT", pending)
            _ = try client.send(put)
            isCommitted = true
            return
        }
        if !pending.isEmpty { try sendPart() }
        let tags = try queue.finish()
        var complete = call
        (complete.method, complete.query) = ("POST", [("uploadId", uploadID)])
        let list = tags.enumerated().map { "<Part><PartNumber>\($0 + 1)</PartNumber><ETag>\($1)</ETag></Part>" }
        complete.body = Array("<CompleteMultipartUpload>\(list.joined())</CompleteMultipartUpload>".utf8)
        complete.headers.append(("Content-Type", "application/xml"))
        var retry = RetryCounter(client.retries)
        var answer: HTTPResponse
        var fault: S3Fault
        // S3 may answer 200 and then an error; and a second try finds no upload where the first one's answer got lost.
        repeat {
            answer = try client.send(complete, accepting: [404])
            fault = S3Fault(answer, location: "s3://\(call.bucket)/\(call.key)")
        } while answer.status == 200 && RetryPolicy.isTemporary(status: 200, code: fault.code) && retry.pause(shouldStop: { false })
        if answer.status == 404 || (try? XMLTree(answer.body))?.name == "Error" {
            var head = call
            head.method = "HEAD"
            guard fault.code == "NoSuchUpload", try client.send(head, accepting: [404]).status != 404 else { throw fault.error }
        }
        isCommitted = true
    }

    private func sendPart() throws {
        let queue: S3UploadQueue
        if let begun = self.queue {
            queue = begun
        } else {
            var begin = call
            (begin.method, begin.query, begin.body) = ("POST", [("uploads", "")], [])
            let answer = try client.send(begin).body
            guard let id = (try? XMLTree(answer))?["UploadId"] else {
                throw StorageError(
                    .unreachable, at: "s3://\(call.bucket)/\(call.key)", "the server begins no multipart upload",
                    remedy: "use a server that knows multipart uploads")
            }
            uploadID = id
            queue = S3UploadQueue(client, call, uploadID: id)
            self.queue = queue
        }
        parts += 1
        try queue.add(pending, number: parts)
        pending = []
        pending.reserveCapacity(partSize)
    }
}

/// Parts on their way. `@unchecked Sendable`: every mutable property is touched while `condition` is locked only.
private final class S3UploadQueue: @unchecked Sendable {
    private let client: S3Client
    private let call: S3Client.Call
    private let uploadID: String
    private let condition = NSCondition()
    private var waiting: [(number: Int, bytes: [UInt8])] = []
    private var inFlight = 0
    private var threads = 0
    private var tags: [Int: String] = [:]
    private var failure: (any Error)?
    private var isCancelled = false

    init(_ client: S3Client, _ call: S3Client.Call, uploadID: String) {
        (self.client, self.call, self.uploadID) = (client, call, uploadID)
    }

    /// Takes a part, waiting while as many are on their way as there are connections.
    func add(_ bytes: [UInt8], number: Int) throws {
        try condition.withLock {
            while failure == nil, waiting.count + inFlight >= S3UploadSink.connections { condition.wait() }
            if let failure { throw failure }
            waiting.append((number, bytes))
            if threads < S3UploadSink.connections {
                threads += 1
                Thread.detachNewThread { self.work() }
            }
            condition.broadcast()
        }
    }

    /// Waits for all parts. Answers their tags in order.
    func finish() throws -> [String] {
        try condition.withLock {
            while failure == nil, !waiting.isEmpty || inFlight > 0 { condition.wait() }
            if let failure { throw failure }
            isCancelled = true
            condition.broadcast()
            return tags.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// Gives up; returns when no part is on its way any more: one that came behind the upload's end would stay.
    func cancel() {
        condition.withLock {
            isCancelled = true
            waiting = []
            condition.broadcast()
            while inFlight > 0 { condition.wait() }
        }
    }

    private func work() {
        while let (number, bytes) = claim() {
            do {
                var put = call
                (put.method, put.body) = ("PUT", bytes)
                put.query = [("partNumber", "\(number)"), ("uploadId", uploadID)]
                let answer = try client.send(put) { self.condition.withLock { self.isCancelled } }
                condition.withLock {
                    tags[number] = answer.headers["etag"] ?? ""
                    inFlight -= 1
                    condition.broadcast()
                }
            } catch {
                condition.withLock {
                    failure = failure ?? error
                    inFlight -= 1
                    condition.broadcast()
                }
                return
            }
        }
    }

    private func claim() -> (Int, [UInt8])? {
        condition.withLock {
            while waiting.isEmpty, !isCancelled, failure == nil { condition.wait() }
            guard !waiting.isEmpty, !isCancelled, failure == nil else { return nil }
            inFlight += 1
            return waiting.removeFirst()
        }
    }
}
