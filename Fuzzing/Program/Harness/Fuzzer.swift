import Foundation
import Watch

/// The reader that is fuzzed: SIGHTLINE_FUZZ_TARGET.
private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["SIGHTLINE_FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
        FileHandle.standardError.write(
            Data("SIGHTLINE_FUZZ_TARGET names the target\ntargets: \(FuzzTarget.all.map(\.name).joined(separator: " "))\n".utf8))
        exit(2)
    }
    return target
}()

@main
enum Fuzzer {
    static func main() { exit(watch_run_fuzzer(CommandLine.argc, CommandLine.unsafeArgv)) }
}

/// What libFuzzer calls first.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_: UnsafeMutableRawPointer?, _: UnsafeMutableRawPointer?) -> Int32 {
    _ = target.name
    _ = Scratch.folder
    // Tables that the standard libraries make once are nobody's input.
    _ = try? target.run([])
    watch_install()
    return 0
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    watch_begin(target.base + target.factor * count)
    do {
        let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
        _ = try target.run(input)
    } catch {
        _ = watch_end()
        FileHandle.standardError.write(Data("== \(target.name): \(type(of: error)): \(error)\n".utf8))
        abort()
    }
    let most = watch_end()
    if most > Usage.mostBytes { Usage.mostBytes = most }
    Usage.count()
    return 0
}

/// What the process has used; it ends when that is enough.
private enum Usage {
    /// The most that a reader held at once.
    nonisolated(unsafe) static var mostBytes = 0
    nonisolated(unsafe) private static var calls = 0
    private static let limit = ProcessInfo.processInfo.environment["SIGHTLINE_FUZZ_CPU_SECONDS"].flatMap(Int.init) ?? .max

    private static var seconds: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        // The kernel's part, too: readers of files spend some of their time there.
        return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
    }

    static func count() {
        calls += 1
        if calls == 1 { atexit { Usage.tell() } }
        guard calls & 63 == 0, seconds >= limit else { return }
        // libFuzzer ends at an interrupt, statistics told, with status 72, and calls nobody at its exit.
        tell()
        raise(SIGINT)
    }

    private static func tell() {
        let lines = "stat::cpu_seconds: \(seconds)\nstat::peak_reader_bytes: \(mostBytes)\n"
        FileHandle.standardError.write(Data(lines.utf8))
    }
}
