import Foundation
import Synchronization

/// Finds keys where AWS's own tools look, in their order: environment, a Kubernetes service account's
/// role, profile files, the container's endpoint, the machine's metadata;
/// and finds new ones before they expire. From any thread.
///
/// Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers"; EC2 User Guide, "Use IMDSv2"; STS API Reference,
/// "AssumeRoleWithWebIdentity".
public final class S3CredentialChain: Sendable {
    private let environment: [String: String]
    private let http: HTTPClient
    private let found = Mutex<S3Credentials?>(nil)

    init(environment: [String: String], http: HTTPClient) {
        self.environment = environment
        self.http = http
    }

    /// Keys that are good for some minutes.
    ///
    /// `renewing`: whether the server has refused the last ones.
    /// - Throws: ``StorageError`` where no place has any; it names the places.
    func credentials(renewing: Bool = false) throws -> S3Credentials {
        try found.withLock { found in
            if let found, !found.expiresSoon(), !renewing { return found }
            let isKnown = found != nil
            let asked = Result {
                try fromEnvironment() ?? fromWebIdentity() ?? fromProfile() ?? fromContainer() ?? fromMachine(isKnown: isKnown)
            }
            if case .success(let fresh?) = asked {
                found = fresh
                return fresh
            }
            // Whoever gives keys may be busy for a moment, and these are still good.
            if let found, !renewing, !found.hasExpired() { return found }
            _ = try asked.get()
            throw StorageError(
                .denied, at: "S3 credentials",
                "none were found in AWS_ACCESS_KEY_ID, ~/.aws/credentials, the container's endpoint or the machine's metadata",
                remedy: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")
        }
    }

    /// Whether requests go unsigned, for public buckets: SIGHTLINE_S3_ANONYMOUS=1.
    var isAnonymous: Bool { environment["SIGHTLINE_S3_ANONYMOUS"] == "1" }

    private func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

    private func fromEnvironment() -> S3Credentials? {
        guard let access = value("AWS_ACCESS_KEY_ID"), let secret = value("AWS_SECRET_ACCESS_KEY") else { return nil }
        return S3Credentials(accessKey: access, secretKey: secret, sessionToken: value("AWS_SESSION_TOKEN"))
    }

    /// The role of a Kubernetes service account (EKS: IAM roles for service accounts), for which AWS's token service gives keys.
    private func fromWebIdentity() throws -> S3Credentials? {
        guard let file = value("AWS_WEB_IDENTITY_TOKEN_FILE"), let role = value("AWS_ROLE_ARN") else { return nil }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw StorageError(
                .denied, at: file, "the token of AWS_WEB_IDENTITY_TOKEN_FILE can't be read", remedy: "check the pod's service account")
        }
        let region = value("AWS_REGION") ?? value("AWS_DEFAULT_REGION")
        let host = region.map { "https://sts.\($0).\($0.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com")" }
        let service = value("AWS_ENDPOINT_URL_STS") ?? host ?? "https://sts.amazonaws.com"
        let query = [
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
            ("RoleSessionName", value("AWS_ROLE_SESSION_NAME") ?? "sightline"),
            ("WebIdentityToken", String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)),
        ].map { "\($0)=\(S3Settings.encoded($1))" }.joined(separator: "&")
        guard let answer = ask("GET", "\(service)/?\(query)", [], seconds: 10, tries: 3), let keys = S3Credentials(tokenService: answer)
        else {
            throw StorageError(
                .denied, at: service, "the token service gives no credentials for \(role)",
                remedy: "check the role's trust policy and the pod's service account")
        }
        return keys
    }

    private func fromProfile() throws -> S3Credentials? {
        let profile = AWSProfile(environment: environment)
        guard let access = profile["aws_access_key_id"], let secret = profile["aws_secret_access_key"] else {
            // To go on would be to work under another identity than the one that was chosen.
            if let reason = profile.refusal {
                throw StorageError(
                    .denied, at: "profile '\(profile.name)'", reason,
                    remedy: "run: eval \"$(aws configure export-credentials --profile \(profile.name) --format env)\"")
            }
            return nil
        }
        return S3Credentials(accessKey: access, secretKey: secret, sessionToken: profile["aws_session_token"])
    }

    // MARK: Endpoints

    private func fromContainer() throws -> S3Credentials? {
        let url: String
        if let path = value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            url = "http://169.254.170.2" + path
        } else if let full = value("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            url = full
        } else {
            return nil
        }
        var headers: [(name: String, value: String)] = []
        if let path = value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"), let data = FileManager.default.contents(atPath: path) {
            headers.append(("Authorization", String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)))
        } else if let token = value("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
            headers.append(("Authorization", token))
        }
        guard let answer = ask("GET", url, headers, seconds: 5, tries: 3), let keys = S3Credentials(json: answer) else {
            throw StorageError(
                .denied, at: url, "the container's credential endpoint gives no credentials",
                remedy: "check the task's or job's role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        }
        return keys
    }

    /// `isKnown`: whether this machine has given keys before, so that it is worth asking again.
    private func fromMachine(isKnown: Bool) -> S3Credentials? {
        guard let token = machineToken(tries: isKnown ? 5 : 1) else { return nil }
        let roles = metadata("/latest/meta-data/iam/security-credentials/", token: token)
        guard let role = roles?.split(whereSeparator: \.isNewline).first else { return nil }
        return metadata("/latest/meta-data/iam/security-credentials/\(role)", token: token).flatMap { S3Credentials(json: Array($0.utf8)) }
    }

    /// The region of the machine that this runs on; nil where it is none of AWS's.
    func machineRegion() -> String? { machineToken().flatMap { metadata("/latest/meta-data/placement/region", token: $0) } }

    private var metadataEndpoint: String {
        let given = value("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        return given.hasSuffix("/") ? String(given.dropLast()) : given
    }

    private func machineToken(tries: Int = 1) -> String? {
        guard environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() != "true" else { return nil }
        // Elsewhere than on EC2 nobody answers: one second is enough for a machine's own service.
        let answer = ask(
            "PUT", metadataEndpoint + "/latest/api/token", [("X-aws-ec2-metadata-token-ttl-seconds", "21600")], seconds: 1, tries: tries)
        return answer.map { String(decoding: $0, as: UTF8.self) }
    }

    private func metadata(_ path: String, token: String) -> String? {
        ask("GET", metadataEndpoint + path, [("X-aws-ec2-metadata-token", token)], seconds: 2, tries: 2)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// The body of an answer with status 200.
    private func ask(_ method: String, _ url: String, _ headers: [(name: String, value: String)], seconds: Double, tries: Int) -> [UInt8]? {
        var request = HTTPRequest(method: method, url: url, headers: headers, body: method == "PUT" ? [] : nil)
        request.timeouts = HTTPTimeouts(connect: seconds, stall: seconds, total: seconds)
        for _ in 0..<tries {
            if let answer = try? http.send(request), answer.status == 200 { return answer.body }
        }
        return nil
    }
}
