import Foundation

/// What the files of the AWS command line say about one profile.
///
/// Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".
struct AWSProfile: Equatable {
    /// Its name.
    let name: String
    private(set) var values: [String: String] = [:]
    /// Why it can't be used although it was chosen: it is nowhere, or its keys come from where this program does not look.
    private(set) var refusal: String?

    subscript(name: String) -> String? { values[name] }

    /// Reads the files of `environment`'s user; files that are not there say nothing.
    init(environment: [String: String]) {
        let home = environment["HOME"] ?? NSHomeDirectory()
        let chosen = [environment["AWS_PROFILE"], environment["AWS_DEFAULT_PROFILE"]].compactMap(\.self).first { !$0.isEmpty }
        name = chosen ?? "default"
        let config = environment["AWS_CONFIG_FILE"] ?? home + "/.aws/config"
        let credentials = environment["AWS_SHARED_CREDENTIALS_FILE"] ?? home + "/.aws/credentials"
        // In the configuration a profile's section says so; keys of the credentials file win.
        values = Self.section(name == "default" ? ["default", "profile default"] : ["profile \(name)"], of: config)
        values.merge(Self.section([name], of: credentials)) { $1 }
        let others = ["sso_session", "sso_start_url", "role_arn", "credential_process", "web_identity_token_file", "login_session"]
        if let other = others.first(where: { values[$0] != nil }) {
            refusal = "it has no aws_access_key_id but \(other), which this program does not follow"
        } else if chosen != nil, values.isEmpty {
            refusal = "AWS_PROFILE names it, and neither \(config) nor \(credentials) has it"
        }
    }

    private static func section(_ names: [String], of path: String) -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path) else { return [:] }
        return parse(String(decoding: data, as: UTF8.self), sections: names)
    }

    /// The values of sections in a text of `[section]` and `name = value` lines. Lines that are indented belong to a nested value and are
    /// left out.
    static func parse(_ text: String, sections: [String]) -> [String: String] {
        var values: [String: String] = [:]
        var isWanted = false
        for line in text.split(whereSeparator: \.isNewline) {
            let content = line.trimmingCharacters(in: .whitespaces)
            if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
            if content.hasPrefix("[") {
                let name = content.dropFirst().prefix { $0 != "]" }.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                isWanted = sections.contains(name)
            } else if isWanted, line.first?.isWhitespace == false, let equals = content.firstIndex(of: "=") {
                let name = content[..<equals].trimmingCharacters(in: .whitespaces).lowercased()
                values[name] = content[content.index(after: equals)...].trimmingCharacters(in: .whitespaces)
            }
        }
        return values
    }
}
