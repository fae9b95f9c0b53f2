/// Images that are tried one after another: those that fail are told, and the others go on.
struct Attempts {
    private var allDone = true

    mutating func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            complain("\(error)")
            allDone = false
        }
    }

    /// Every image that the paths stand for, but for those in the folder that is written into.
    mutating func each(_ paths: [String], besides output: String? = nil, _ body: (String) throws -> Void) {
        for path in paths {
            var files: [String] = []
            attempt { files = try ImageFiles.find(path, leavingOut: output) }
            for file in files { attempt { try body(file) } }
        }
    }

    /// Leaves with the failure's exit status where there was one.
    func finish() throws { if !allDone { throw Failure.reported } }
}
