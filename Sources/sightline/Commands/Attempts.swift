import Reporting

/// Images that are tried one after another: those that fail are told, and the others go on.
struct Attempts {
    /// Whether programs read along: each failed image has a line of its own.
    let asJSON: Bool
    private var allDone = true

    init(asJSON: Bool) { self.asJSON = asJSON }

    /// `image`: what failed, where it is an image.
    mutating func attempt(_ image: String? = nil, _ body: () throws -> Void) {
        do {
            try body()
        } catch {
            complain("\(error)")
            if asJSON, let image {
                TextOutput.standardOutput.write(
                    JSONValue.members(["image": .string(image), "error": .string("\(error)")]).line + "\n")
            }
            allDone = false
        }
    }

    /// Every image that the paths stand for, but for those in the folder that is written into. `body` gets its path, and what it is called
    /// below a folder that was searched.
    mutating func each(_ paths: [String], besides output: String? = nil, _ body: (_ file: String, _ name: String) throws -> Void) {
        for path in paths {
            var found = ImageFiles.Found()
            attempt(path) { found = try ImageFiles.find(path, leavingOut: output) }
            if let first = found.others.first {
                let count = found.others.count
                TextOutput.standardError.write(
                    "note: \(path): \(count) \(count == 1 ? "file that is no JPEG or PNG was" : "files that are no JPEG or PNG were") passed over, "
                        + "the first is \(first)\n")
            }
            for (file, name) in found.files { attempt(file) { try body(file, name) } }
        }
    }

    /// Leaves with the failure's exit status where there was one.
    func finish() throws { if !allDone { throw Failure.reported } }
}
