import Foundation

/// Keys that requests to S3 are signed with.
public struct S3Credentials: Sendable, Equatable {
    /// AWS_ACCESS_KEY_ID.
    public let accessKey: String
    /// AWS_SECRET_ACCESS_KEY.
    public let secretKey: String
    /// AWS_SESSION_TOKEN of keys that expire.
    public let sessionToken: String?
    /// When they expire, where that is known.
    public let expiration: Date?

    /// Keys, and a token where they are temporary.
    public init(accessKey: String, secretKey: String, sessionToken: String? = nil, expiration: Date? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    /// Whether they should be replaced: less than five minutes are left.
    func expiresSoon(now: Date = Date()) -> Bool { expiration.map { $0.timeIntervalSince(now) < 300 } ?? false }

    /// Whether a server will refuse them: seconds are left for the request's way.
    func hasExpired(now: Date = Date()) -> Bool { expiration.map { $0.timeIntervalSince(now) < 10 } ?? false }

    /// The answer of a container's or machine's credential endpoint.
    init?(json: [UInt8]) {
        struct Answer: Decodable {
            let AccessKeyId: String
            let SecretAccessKey: String
            let Token: String?
            let Expiration: String?
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(json)) else { return nil }
        self.init(
            accessKey: answer.AccessKeyId, secretKey: answer.SecretAccessKey, sessionToken: answer.Token,
            expiration: answer.Expiration.flatMap(Self.time))
    }

    /// The answer of AWS's token service, XML.
    init?(tokenService answer: [UInt8]) {
        guard let found = (try? XMLTree(answer))?.child("AssumeRoleWithWebIdentityResult")?.child("Credentials"),
            let access = found["AccessKeyId"], let secret = found["SecretAccessKey"]
        else { return nil }
        self.init(
            accessKey: access, secretKey: secret, sessionToken: found["SessionToken"], expiration: found["Expiration"].flatMap(Self.time))
    }

    private static func time(_ text: String) -> Date? { ISO8601DateFormatter().date(from: text) }
}
