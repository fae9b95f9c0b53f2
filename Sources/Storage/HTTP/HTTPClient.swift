import CCurl
import Glibc
import Synchronization

/// Blocking HTTP requests over connections that are kept and used again. From any thread.
final class HTTPClient: Sendable {
    private let idle = Mutex<[Handle]>([])

    /// libcurl's handle, which belongs to one thread at a time.
    private struct Handle: @unchecked Sendable { let pointer: UnsafeMutableRawPointer }

    private static let isReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    deinit { idle.withLock { for handle in $0 { curl_easy_cleanup(handle.pointer) } } }

    /// Sends a request and waits for the answer, whatever its status. Redirects are answers.
    ///
    /// - Parameters:
    ///   - request: what to ask.
    ///   - receive: takes the body of an answer with status 2xx as it comes; false stops. Other bodies, and all without it, are collected.
    ///   - shouldStop: asked several times a second; true ends the request.
    /// - Throws: ``HTTPFailure`` where no whole answer came.
    func send(
        _ request: HTTPRequest, receive: ((UnsafeRawBufferPointer) -> Bool)? = nil, shouldStop: () -> Bool = { false }
    ) throws(HTTPFailure) -> HTTPResponse {
        let pooled = idle.withLock { $0.popLast()?.pointer }
        guard Self.isReady, let handle = pooled ?? curl_easy_init() else {
            throw HTTPFailure(reason: "libcurl cannot be started; there is perhaps no memory", isCancelled: false, isTemporary: false)
        }
        defer {
            curl_easy_reset(handle)
            idle.withLock { $0.append(Handle(pointer: handle)) }
        }
        // The closures live on this frame, as does the transfer that libcurl's callbacks see.
        return try withoutActuallyEscaping(shouldStop) { shouldStop throws(HTTPFailure) in
            let transfer = HTTPTransfer(receive: receive, shouldStop: shouldStop, timeouts: request.timeouts)
            return try transfer.run(request, handle: handle)
        }
    }
}

/// One request: what libcurl's callbacks share. It lives for one request on one thread.
private final class HTTPTransfer {
    private var response = HTTPResponse()
    private let receive: ((UnsafeRawBufferPointer) -> Bool)?
    private let shouldStop: () -> Bool
    private let timeouts: HTTPTimeouts
    /// Whether a range is asked for that does not begin at the first byte: some servers send the whole all the same.
    private var asksForLaterPart = false
    private var isRefused = false
    private var isStopped = false
    private var hasStalled = false
    private var lastSign = ContinuousClock.now
    private var lastCount = 0

    /// Bodies that are collected are answers to small questions and errors; parts of objects are bounded by their range.
    private static let bodyLimit = 1 << 30

    init(receive: ((UnsafeRawBufferPointer) -> Bool)?, shouldStop: @escaping () -> Bool, timeouts: HTTPTimeouts) {
        self.receive = receive
        self.shouldStop = shouldStop
        self.timeouts = timeouts
    }

    func run(_ request: HTTPRequest, handle: UnsafeMutableRawPointer) throws(HTTPFailure) -> HTTPResponse {
        ccurl_set_string(handle, CURLOPT_URL, request.url)
        asksForLaterPart = request.headers.contains { $0.name == "Range" && !$0.value.hasPrefix("bytes=0-") }
        ccurl_allow_http_only(handle)
        // A key may hold `..`, which is a part of its name and no way up.
        ccurl_set_long(handle, CURLOPT_PATH_AS_IS, 1)
        ccurl_set_string(handle, CURLOPT_USERAGENT, "sightline")
        ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, Int(timeouts.connect * 1000))
        ccurl_set_long(handle, CURLOPT_BUFFERSIZE, 128 << 10)
        if let total = timeouts.total { ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(total * 1000)) }
        // A proxy can't reach what is this machine's own, and metadata services must never be asked through one.
        if Self.isLocal(request.url) { ccurl_set_string(handle, CURLOPT_NOPROXY, "*") }
        if request.method == "HEAD" {
            ccurl_set_long(handle, CURLOPT_NOBODY, 1)
        } else {
            ccurl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method)
        }
        var list: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(list) }
        for (name, value) in request.headers { list = curl_slist_append(list, "\(name): \(value)") }
        if request.body != nil {
            // An empty "Expect:" would switch the waiting off, but libcurl 7.88 signs it without sending it.
            ccurl_set_long(handle, CURLOPT_EXPECT_100_TIMEOUT_MS, 200)
            // Else libcurl says that it is a form, and some servers then take it apart.
            if !request.headers.contains(where: { $0.name == "Content-Type" }) {
                list = curl_slist_append(list, "Content-Type: application/octet-stream")
            }
        }
        if let signature = request.signature {
            ccurl_set_string(handle, CURLOPT_AWS_SIGV4, "aws:amz:\(signature.region):\(signature.service)")
            ccurl_set_string(handle, CURLOPT_USERNAME, signature.accessKey)
            ccurl_set_string(handle, CURLOPT_PASSWORD, signature.secretKey)
        }
        ccurl_set_headers(handle, list)
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_header_function(handle, Self.headerFunction, context)
        ccurl_set_body_function(handle, Self.bodyFunction, context)
        ccurl_set_progress_function(handle, Self.progressFunction, context)
        var sentence = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        let code = sentence.withUnsafeMutableBufferPointer { buffer -> CURLcode in
            if let base = buffer.baseAddress { ccurl_set_error_buffer(handle, base) }
            guard let body = request.body else { return curl_easy_perform(handle) }
            return body.withUnsafeBytes { bytes in
                // An empty array has no address; libcurl wants one to send an empty body.
                var nothing: UInt8 = 0
                return withUnsafeBytes(of: &nothing) { empty in
                    ccurl_set_body(handle, bytes.baseAddress ?? empty.baseAddress, bytes.count)
                    return curl_easy_perform(handle)
                }
            }
        }
        guard code == CURLE_OK || isRefused else {
            let text = String(decoding: sentence.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let reason =
                hasStalled ? "nothing came for \(timeouts.stall) seconds" : text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
            throw HTTPFailure(reason: reason, isCancelled: isStopped, isTemporary: !isStopped && Self.isTemporary(code))
        }
        return response
    }

    private static func isTemporary(_ code: CURLcode) -> Bool {
        let final: [CURLcode] = [
            CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_NOT_BUILT_IN,
            CURLE_OUT_OF_MEMORY, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION,
        ]
        return !final.contains(code)
    }

    private static func isLocal(_ url: String) -> Bool {
        guard let mark = url.firstRange(of: "://") else { return false }
        let host = url[mark.upperBound...].prefix { $0 != "/" && $0 != "?" }
        return ["localhost", "127.", "[::1]", "169.254.", "[fd00:ec2:"].contains { host.hasPrefix($0) }
    }

    // MARK: What libcurl calls

    private static func transfer(_ context: UnsafeMutableRawPointer?) -> HTTPTransfer? {
        context.map { Unmanaged<HTTPTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private static let headerFunction: ccurl_bytes_function = { bytes, _, size, context in
        guard let bytes, let transfer = transfer(context) else { return 0 }
        transfer.header(String(decoding: UnsafeRawBufferPointer(start: bytes, count: size), as: UTF8.self))
        return size
    }

    private static let bodyFunction: ccurl_bytes_function = { bytes, _, size, context in
        guard let bytes, let transfer = transfer(context) else { return 0 }
        return transfer.body(UnsafeRawBufferPointer(start: bytes, count: size)) ? size : 0
    }

    private static let progressFunction: ccurl_progress_function = { context, _, received, _, sent in
        transfer(context)?.mayGoOn(Int(received + sent)) ?? false ? 0 : 1
    }

    private func header(_ line: String) {
        let line = line.drop { $0.isWhitespace }
        if line.hasPrefix("HTTP/") {
            // A new answer (after 100 Continue) begins.
            let fields = line.split(separator: " ")
            response = HTTPResponse(status: fields.count > 1 ? Int(fields[1].prefix { $0.isNumber }) ?? 0 : 0)
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0.isWhitespace }
            let end = value.lastIndex { !$0.isWhitespace }
            response.headers[line[..<colon].lowercased()] = end.map { String(value[...$0]) } ?? ""
        }
    }

    private func body(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if let receive, (200..<300).contains(response.status) {
            guard response.status == 206 || !asksForLaterPart else {
                // The whole of an object, of which nobody wants the beginning: the status is the answer.
                isRefused = true
                return false
            }
            isStopped = !receive(bytes)
            return !isStopped
        }
        guard response.body.count + bytes.count <= Self.bodyLimit else { return false }
        response.body.append(contentsOf: bytes)
        return true
    }

    /// libcurl's own limit on low speed averages over several seconds, so silence is measured here.
    private func mayGoOn(_ count: Int) -> Bool {
        if shouldStop() {
            isStopped = true
            return false
        }
        if count != lastCount { (lastCount, lastSign) = (count, .now) }
        hasStalled = lastSign.duration(to: .now) > .seconds(timeouts.stall)
        return !hasStalled
    }
}
