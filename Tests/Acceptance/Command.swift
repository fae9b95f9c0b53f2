import Foundation
import Glibc

/// The built command, run as a user runs it.
enum Command {
    /// What a run left.
    struct Result {
        let status: Int32
        let output: String
        let errors: String

        /// Lines of standard output as JSON objects.
        func objects() throws -> [[String: Any]] {
            try output.split(separator: "\n").map { line in
                guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
                    throw Missing("an object in: \(line)")
                }
                return object
            }
        }
    }

    /// What a test needed and did not find.
    struct Missing: Error, CustomStringConvertible {
        let description: String
        init(_ what: String) { description = "missing: \(what)" }
    }

    /// The program beside the test bundle.
    static let path: String = {
        let bundles = ProcessInfo.processInfo.arguments.filter { $0.contains(".xctest") }.map { argument in
            URL(fileURLWithPath: argument).deletingLastPathComponent().path
        }
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")).map {
            ($0 as NSString).deletingLastPathComponent
        }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
        let folders = bundles + [own].compactMap { $0 } + [root + "/.build/debug", root + "/.build/release"]
        return folders.map { $0 + "/sightline" }.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "sightline"
    }()

    /// Starts the command; its outputs go to files, so that no pipe can fill up.
    static func start(_ arguments: [String], in folder: String, environment: [String: String] = [:]) throws -> Running {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let base = folder + "/.command-\(UUID().uuidString)"
        for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: "\(base).\(name)", contents: nil) }
        guard let output = FileHandle(forWritingAtPath: base + ".out"), let errors = FileHandle(forWritingAtPath: base + ".err") else {
            throw Missing("files for the command's output in \(folder)")
        }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        return Running(process: process, base: base)
    }

    /// Runs the command to its end.
    static func run(_ arguments: [String], in folder: String, environment: [String: String] = [:]) throws -> Result {
        try start(arguments, in: folder, environment: environment).wait()
    }

    /// A command under way.
    struct Running {
        let process: Process
        let base: String

        private func text(_ name: String) -> String {
            String(decoding: FileManager.default.contents(atPath: "\(base).\(name)") ?? Data(), as: UTF8.self)
        }

        /// What it has written to standard output so far.
        var output: String { text("out") }

        /// What it has written to standard error so far.
        var errors: String { text("err") }

        /// Waits until a condition holds.
        /// - Throws: ``Missing`` after a minute, or where the command ended before.
        func wait(until condition: (Running) -> Bool, _ what: String) throws {
            for _ in 0..<6000 {
                if condition(self) { return }
                guard process.isRunning else { break }
                usleep(10_000)
            }
            if condition(self) { return }
            kill(SIGKILL)
            throw Missing("\(what); the command wrote: \(text("out"))\(text("err"))")
        }

        func kill(_ signal: Int32) { Glibc.kill(process.processIdentifier, signal) }

        /// Waits for its end.
        func wait() -> Result {
            process.waitUntilExit()
            return Result(status: process.terminationStatus, output: text("out"), errors: text("err"))
        }
    }
}
