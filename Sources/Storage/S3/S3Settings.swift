import Foundation

/// Which S3 service is asked, and how its addresses are written.
///
/// Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints"; S3 User Guide, "Virtual hosting of buckets".
struct S3Settings: Sendable, Equatable {
    /// `eu-west-1`.
    var region: String
    /// `http://127.0.0.1:9000` without a slash at its end; nil: AWS.
    var endpoint: String?

    /// What environment and profile say; `fallbackRegion` is asked where they don't name a region.
    /// - Throws: ``StorageError`` for an endpoint that is no http address.
    init(environment: [String: String], fallbackRegion: () -> String?) throws {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let profile = AWSProfile(environment: environment)
        let named = value("AWS_ENDPOINT_URL_S3") ?? value("AWS_ENDPOINT_URL") ?? profile["endpoint_url"]
        if var url = named {
            guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
                throw StorageError(
                    .location, at: "AWS_ENDPOINT_URL", "'\(url)' is no address of a service",
                    remedy: "write http://host:port or https://host")
            }
            while url.hasSuffix("/") { url.removeLast() }
            endpoint = url
        }
        region =
            value("AWS_REGION") ?? value("AWS_DEFAULT_REGION") ?? profile["region"] ?? (endpoint == nil ? fallbackRegion() : nil)
            ?? "us-east-1"
    }

    /// The address of a key, or of a bucket where the key is empty. `query`: names and values, not encoded.
    func url(bucket: String, key: String, region: String, query: [(name: String, value: String)] = []) -> String {
        let path = Self.encoded(key, keepingSlash: true)
        // A dot in the name would not fit the service's certificate.
        var url: String
        if let endpoint {
            url = "\(endpoint)/\(bucket)/\(path)"
        } else {
            let host = "s3.\(region).\(region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com")"
            url = bucket.contains(".") ? "https://\(host)/\(bucket)/\(path)" : "https://\(bucket).\(host)/\(path)"
        }
        if key.isEmpty, endpoint != nil || bucket.contains(".") { url.removeLast() }
        if !query.isEmpty {
            // The signature is over sorted, encoded pairs.
            let pairs = query.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }.sorted()
            url += "?" + pairs.joined(separator: "&")
        }
        return url
    }

    /// Percent-encoding of everything but letters, digits and `-._~`, as the signature wants it.
    static func encoded(_ text: String, keepingSlash: Bool = false) -> String {
        let digits = Array("0123456789ABCDEF")
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.append(Character(Unicode.Scalar(byte)))
            case UInt8(ascii: "/") where keepingSlash: encoded.append("/")
            default:
                encoded.append("%")
                encoded.append(digits[Int(byte >> 4)])
                encoded.append(digits[Int(byte & 15)])
            }
        }
        return encoded
    }
}
