import CCurl
import Glibc

/// One HTTP request whose body goes to a partial file: what libcurl's callbacks share. It lives for one request on one thread.
final class Transfer {
    /// What the server answered, from its header lines.
    struct Answer {
        var status = 0
        var entityTag: String?
        var contentLength: Int?
        /// First byte and total size of a partial answer.
        var rangeStart: Int?
        var rangeTotal: Int?
        var retryAfter: Double?
    }

    /// How a request ended.
    enum Outcome {
        /// The whole body arrived.
        case complete
        /// The server answered with a status that is neither 200 nor 206.
        case refused(Answer)
        /// libcurl gave up; the code and its sentence.
        case failed(CURLcode, String)
        /// The caller wants to stop.
        case cancelled
    }

    let part: PartialFile
    private(set) var answer = Answer()
    /// Bytes that arrived in this request.
    private(set) var received = 0
    private var isBodyStarted = false
    private var writeError: WeightsError?
    private let observe: (Transfer) -> Bool
    private var wasCancelled = false
    private var hasStalled = false
    private var stallLimit: Duration = .zero
    private var lastSign = ContinuousClock.now

    /// - Parameters:
    ///   - part: where the body goes.
    ///   - observe: is called several times a second; false stops the transfer.
    init(part: PartialFile, observe: @escaping (Transfer) -> Bool) {
        self.part = part
        self.observe = observe
    }

    /// The size of the whole file where the server told it.
    var total: Int? {
        answer.status == 206 ? answer.rangeTotal : answer.status == 200 ? answer.contentLength : nil
    }

    /// Asks for the file, from where the partial file ends.
    ///
    /// - Throws: ``WeightsError`` when the partial file cannot be written.
    func run(url: String, timeouts: Downloader.Timeouts) throws -> Outcome {
        guard Self.isReady, let handle = curl_easy_init() else {
            throw WeightsError(.system, "libcurl cannot be started; there is perhaps no memory.")
        }
        defer { curl_easy_cleanup(handle) }
        var headers: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(headers) }
        ccurl_set_string(handle, CURLOPT_URL, url)
        ccurl_allow_http_only(handle)
        ccurl_set_string(handle, CURLOPT_USERAGENT, "sightline")
        ccurl_set_long(handle, CURLOPT_FOLLOWLOCATION, 1)
        ccurl_set_long(handle, CURLOPT_MAXREDIRS, 5)
        ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, Int(timeouts.connect * 1000))
        // libcurl's own limit on low speed averages over several seconds, so silence is measured here.
        stallLimit = .seconds(timeouts.stall)
        lastSign = .now
        if Self.isLoopback(url) { ccurl_set_string(handle, CURLOPT_NOPROXY, "*") }
        if part.size > 0 {
            ccurl_set_string(handle, CURLOPT_RANGE, "\(part.size)-")
            // Without a tag a changed file is found by its checksum.
            if let tag = part.entityTag { headers = curl_slist_append(headers, "If-Range: \(tag)") }
        }
        if headers != nil { ccurl_set_headers(handle, headers) }
        var sentence = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        return try sentence.withUnsafeMutableBufferPointer { sentence in
            ccurl_set_error_buffer(handle, sentence.baseAddress)
            let context = Unmanaged.passUnretained(self).toOpaque()
            ccurl_set_body_function(handle, bodyArrived, context)
            ccurl_set_header_function(handle, headerArrived, context)
            ccurl_set_progress_function(handle, progressMade, context)
            let code = withExtendedLifetime(self) { curl_easy_perform(handle) }
            if let writeError { throw writeError }
            if wasCancelled { return .cancelled }
            if hasStalled { return .failed(CURLE_OPERATION_TIMEDOUT, "nothing arrived for \(Int(timeouts.stall.rounded())) s") }
            guard code == CURLE_OK else {
                let text = String(decoding: sentence.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                return .failed(code, text.isEmpty ? String(cString: curl_easy_strerror(code)) : text)
            }
            guard answer.status == 200 || answer.status == 206 else { return .refused(answer) }
            // An empty body never reaches the body callback; it too replaces what was there.
            if !isBodyStarted { try startBody() }
            return .complete
        }
    }

    /// libcurl's own state is set up once, by the first transfer of any thread.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    /// A proxy has no business between a machine and itself.
    private static func isLoopback(_ url: String) -> Bool {
        ["http://127.0.0.1", "http://localhost", "http://[::1]"].contains { prefix in
            guard url.hasPrefix(prefix) else { return false }
            let next = url.dropFirst(prefix.count).first
            return next == nil || next == ":" || next == "/"
        }
    }

    // MARK: What the callbacks do

    fileprivate func header(_ line: String) {
        lastSign = .now
        if line.hasPrefix("HTTP/") {
            // Each redirect and each interim answer begins anew.
            answer = Answer()
            answer.status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            return
        }
        guard let colon = line.firstIndex(of: ":") else { return }
        let value = String(line[line.index(after: colon)...].drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        switch line[..<colon].lowercased() {
        // A weak tag does not promise equal bytes, so it is no use to If-Range.
        case "etag": answer.entityTag = value.hasPrefix("W/") ? nil : value
        case "content-length": answer.contentLength = Int(value)
        case "retry-after": answer.retryAfter = Double(value)
        case "content-range":
            // "bytes 100-199/200"
            let numbers = value.split { !$0.isNumber }
            answer.rangeStart = numbers.first.flatMap { Int($0) }
            answer.rangeTotal = numbers.count == 3 ? Int(numbers[2]) : nil
        default: break
        }
    }

    fileprivate func body(_ bytes: UnsafeRawBufferPointer) -> Bool {
        lastSign = .now
        // An error's page is not the file.
        guard answer.status == 200 || answer.status == 206 else { return true }
        do {
            if !isBodyStarted { try startBody() }
            try part.append(bytes)
            received += bytes.count
            return true
        } catch let error as WeightsError {
            writeError = error
        } catch {
            writeError = WeightsError(.system, "\(part.path) cannot be written: \(error).")
        }
        return false
    }

    private func startBody() throws {
        isBodyStarted = true
        // 200 is the whole file, from a server without ranges or because the file changed; so is a range that was not asked for.
        if answer.status != 206 || answer.rangeStart != part.size { try part.restart() }
        if answer.status == 206, let start = answer.rangeStart, start != part.size {
            throw WeightsError(.network, "The server sent bytes from \(start) on instead of \(part.size) on; the partial file was dropped.")
        }
        part.entityTag = answer.entityTag
    }

    fileprivate func progress() -> Bool {
        if !observe(self) { wasCancelled = true }
        if ContinuousClock.now - lastSign > stallLimit { hasStalled = true }
        return !wasCancelled && !hasStalled
    }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

private let bodyArrived: ccurl_bytes_function = { bytes, one, size, context in
    guard let bytes, let transfer = transfer(context) else { return 0 }
    return transfer.body(UnsafeRawBufferPointer(start: bytes, count: one * size)) ? one * size : 0
}

private let headerArrived: ccurl_bytes_function = { bytes, one, size, context in
    guard let bytes, let transfer = transfer(context) else { return 0 }
    transfer.header(String(decoding: UnsafeRawBufferPointer(start: bytes, count: one * size), as: UTF8.self))
    return one * size
}

private let progressMade: ccurl_progress_function = { context, _, _, _, _ in
    transfer(context)?.progress() == true ? 0 : 1
}
