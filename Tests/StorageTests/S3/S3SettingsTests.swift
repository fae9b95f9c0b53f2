import Foundation
import Testing

@testable import Storage

@Suite("S3 settings")
struct S3SettingsTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("aws-\(UUID().uuidString)").path

    private func write(_ text: String, _ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        return "\(folder)/\(name)"
    }

    private func settings(_ environment: [String: String], machine: String? = nil) throws -> S3Settings {
        try S3Settings(environment: environment.merging(["HOME": "/nonexistent"]) { given, _ in given }) { machine }
    }

    @Test("Addresses are those of AWS: virtual hosts, path style for dots and for own endpoints, everything else percent-encoded")
    func addresses() throws {
        let aws = try settings(["AWS_REGION": "eu-west-1"])
        #expect(aws.url(bucket: "b", key: "a b/ö.jpg", region: "eu-west-1") == "https://b.s3.eu-west-1.amazonaws.com/a%20b/%C3%B6.jpg")
        #expect(aws.url(bucket: "b.c", key: "k", region: "eu-west-1") == "https://s3.eu-west-1.amazonaws.com/b.c/k")
        #expect(aws.url(bucket: "b", key: "", region: "cn-north-1") == "https://b.s3.cn-north-1.amazonaws.com.cn/")
        let own = try settings(["AWS_ENDPOINT_URL": "http://127.0.0.1:9000/"])
        let query = [(name: "prefix", value: "x y/+"), (name: "list-type", value: "2")]
        #expect(own.url(bucket: "b", key: "", region: "r", query: query) == "http://127.0.0.1:9000/b?list-type=2&prefix=x%20y%2F%2B")
        #expect(throws: StorageError.self) { try settings(["AWS_ENDPOINT_URL": "localhost:9000"]) }
    }

    @Test("The region comes from the environment, the profile, the machine, in this order")
    func region() throws {
        let file = try write("[default]\nregion = profile-region\n", "config")
        #expect(try settings(["AWS_REGION": "a", "AWS_DEFAULT_REGION": "b", "AWS_CONFIG_FILE": file], machine: "m").region == "a")
        #expect(try settings(["AWS_DEFAULT_REGION": "b", "AWS_CONFIG_FILE": file], machine: "m").region == "b")
        #expect(try settings(["AWS_CONFIG_FILE": file], machine: "m").region == "profile-region")
        #expect(try settings([:], machine: "m").region == "m")
        #expect(try settings([:]).region == "us-east-1")
    }

    @Test("Profiles are read as AWS's tools read them: the credentials file wins, nested values are left out")
    func profiles() throws {
        let config = try write(
            "# comment\n[default]\nregion=r0\n[profile work]\nregion = r1\naws_access_key_id = fromConfig\ns3 =\n  region = nested\n",
            "config")
        let credentials = try write(
            "[work]\naws_access_key_id = key=1\naws_secret_access_key= s/+\n; c\n[other]\nregion = no\n", "credentials")
        let environment = ["AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_PROFILE": "work"]
        let profile = AWSProfile(environment: environment)
        #expect(profile["region"] == "r1")
        #expect(profile["aws_access_key_id"] == "key=1")
        #expect(profile["aws_secret_access_key"] == "s/+")
        let keys = try S3CredentialChain(environment: environment, http: HTTPClient()).credentials()
        #expect(keys == S3Credentials(accessKey: "key=1", secretKey: "s/+"))
    }

    @Test(
        "A profile that was chosen and can't be used is refused: another identity is not what was asked for",
        arguments: [
            ("sso", "export-credentials --profile sso"), ("typo", "neither"), ("role", "role_arn"), ("region", "none were found"),
        ])
    func unusable(profile: String, words: String) throws {
        let config = try write(
            "[profile sso]\nsso_session = x\n[profile role]\nrole_arn = arn\nsource_profile = sso\n[profile region]\nregion = r\n", "config"
        )
        let environment = ["AWS_CONFIG_FILE": config, "HOME": "/nonexistent", "AWS_PROFILE": profile, "AWS_EC2_METADATA_DISABLED": "true"]
        #expect {
            _ = try S3CredentialChain(environment: environment, http: HTTPClient()).credentials()
        } throws: { "\($0)".contains(words) }
        // Keys of the environment go before any profile.
        let keys = environment.merging(["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"]) { $1 }
        #expect(try S3CredentialChain(environment: keys, http: HTTPClient()).credentials().accessKey == "a")
    }

    @Test("Without any credentials the error names the places that were looked at")
    func noCredentials() {
        let chain = S3CredentialChain(environment: ["HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"], http: HTTPClient())
        #expect { _ = try chain.credentials() } throws: { "\($0)".contains("AWS_ACCESS_KEY_ID, ~/.aws/credentials") }
    }

    @Test("Keys of an endpoint are renewed before they expire")
    func expiry() throws {
        let json = #"{"AccessKeyId": "a", "SecretAccessKey": "s", "Token": "t", "Expiration": "2030-01-01T00:00:00Z"}"#
        let keys = try #require(S3Credentials(json: Array(json.utf8)))
        #expect(keys.sessionToken == "t")
        #expect(!keys.expiresSoon(now: Date(timeIntervalSince1970: 1_893_455_000)))
        #expect(keys.expiresSoon(now: Date(timeIntervalSince1970: 1_893_455_800)))
        #expect(S3Credentials(json: Array("{}".utf8)) == nil)
    }

    @Test("Pauses grow, stay below their cap and honour what the server asks for")
    func pauses() {
        let policy = RetryPolicy(patience: 10, base: 0.1, cap: 2)
        for number in 1...50 { #expect((0...min(2, 0.1 * pow(2, Double(number - 1)))).contains(policy.pause(before: number))) }
        #expect(policy.pause(before: 1, wanted: 3) == 3)
        #expect(RetryPolicy.isTemporary(status: 400, code: "RequestTimeout") && !RetryPolicy.isTemporary(status: 403, code: "AccessDenied"))
    }

    @Test("Locations are taken apart into a store and a name")
    func files() throws {
        let stores = Stores(environment: ["HOME": "/nonexistent", "AWS_REGION": "r"])
        #expect(try stores.open(fileAt: Location("s3://b/x/y.rec")).store.place == "s3://b/x/")
        #expect(try stores.open(fileAt: Location("s3://b/y.rec")).store.place == "s3://b/")
        #expect(try stores.open(fileAt: Location("/y.rec")).store.place == "/")
        #expect(try stores.open(fileAt: Location("y.rec")).store.place == ".")
    }
}
