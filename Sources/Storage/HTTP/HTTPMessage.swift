/// What is asked of an HTTP server.
struct HTTPRequest {
    var method = "GET"
    var url: String
    /// Header lines with values.
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]?
    /// How the request is signed; nil: not at all.
    var signature: Signature?
    var timeouts = HTTPTimeouts()

    /// Signature version 4, made by libcurl.
    struct Signature {
        let accessKey: String
        let secretKey: String
        let region: String
        let service: String
    }
}

/// How long a server may be silent, in seconds.
struct HTTPTimeouts: Sendable {
    var connect = 10.0
    /// Without a byte in either direction.
    var stall = 20.0
    /// For the whole request; nil: as long as bytes come.
    var total: Double?
}

/// What a server answered.
struct HTTPResponse {
    var status = 0
    /// Names in lower case.
    var headers: [String: String] = [:]
    /// Empty where it went elsewhere while it came.
    var body: [UInt8] = []
}

/// A request without a whole answer.
struct HTTPFailure: Error {
    /// libcurl's sentence.
    let reason: String
    /// Whether the caller stopped it.
    let isCancelled: Bool
    /// Whether another try may help: false for a URL that can't be, a certificate that is not trusted.
    let isTemporary: Bool
}
