import CTorch
import Foundation
import Synchronization

/// The engine: which library is loaded, and how many threads it uses.
public enum Runtime {
    /// The version of libtorch whose headers this program was built with.
    public static var builtVersion: String { String(cString: ct_built_version()) }

    /// The version of the libtorch that is loaded, without the build's suffix; nil where the library does not say.
    public static var loadedVersion: String? {
        let folder = URL(fileURLWithPath: String(cString: ct_library_path())).deletingLastPathComponent().deletingLastPathComponent()
        if let text = try? String(contentsOf: folder.appendingPathComponent("version.py"), encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("__version__") }),
            let value = line.split(separator: "'").dropFirst().first
        {
            return value.split(separator: "+").first.map(String.init)
        }
        let text = try? String(contentsOf: folder.appendingPathComponent("build-version"), encoding: .utf8)
        return text?.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: "+").first.map(String.init)
    }

    /// Refuses a libtorch of another version than the one this program was built for: its memory layout differs, and the first
    /// backward pass would crash.
    /// - Throws: ``TorchError`` naming both versions.
    public static func checkVersion() throws {
        guard let loaded = loadedVersion, loaded != builtVersion else { return }
        throw TorchError(
            "libtorch \(loaded) is loaded from \(String(cString: ct_library_path())), but this program was built for \(builtVersion). "
                + "Run `make setup` and build again, or point LD_LIBRARY_PATH and SIGHTLINE_LIBTORCH at a libtorch \(builtVersion).")
    }

    /// Settles how memory is kept between steps. Call once, before the first tensor.
    public static func prepare() throws {
        try checkVersion()
        ct_runtime_tune_allocator()
        allowsTF32 = false
    }

    /// Whether CUDA devices may round the factors of float32 products and convolutions to TF32, which has float32's range and 10 bits of
    /// mantissa, and is several times as quick.
    ///
    /// Off from ``prepare()`` on, for convolutions too, where libtorch has it on: who asks for float32 where bfloat16 is the default wants its
    /// 23 bits.
    public static var allowsTF32: Bool {
        get { tf32.load(ordering: .relaxed) }
        set {
            tf32.store(newValue, ordering: .relaxed)
            ct_cuda_allow_tf32(newValue)
        }
    }

    private static let tf32 = Atomic<Bool>(false)

    /// Runs `body`, in which cuDNN tries its algorithms on convolutions of sizes that it has not met, and keeps the quickest: worth it where the
    /// same sizes come again and again. Nothing on the processor.
    public static func searchingAlgorithms<Result>(on device: Device, _ body: () throws -> Result) rethrows -> Result {
        guard device != .cpu else { return try body() }
        ct_cudnn_search(true)
        defer { ct_cudnn_search(false) }
        return try body()
    }

    /// Gives memory that is free back to the system, which ``prepare()`` keeps from happening by itself: for the moment after a model
    /// was let go.
    public static func releaseMemory() { ct_runtime_release_memory() }

    /// Threads that one operation is spread over.
    public static var threads: Int {
        get { Int(ct_threads()) }
        set { ct_set_threads(Int32(clamping: max(1, newValue))) }
    }

    /// Seeds libtorch's own generators (dropout and the like).
    public static func seed(_ seed: UInt64) { ct_seed(seed) }
}

/// Memory of this process, in bytes.
public enum ProcessMemory {
    /// Resident now.
    public static var resident: Int { field("VmRSS:") }
    /// The most that was ever resident.
    public static var peak: Int { field("VmHWM:") }

    /// Bytes of large tensors on the processor: in use, waiting for their next use, and the most in use at once so far; 0 without
    /// ``Runtime/prepare()``, or where the environment has settings of its own for the heap.
    public static var tensors: (used: Int, waiting: Int, mostUsed: Int) {
        var (used, waiting, most): (Int64, Int64, Int64) = (0, 0, 0)
        ct_tensor_memory(&used, &waiting, &most)
        return (Int(used), Int(waiting), Int(most))
    }

    /// Begins a new count of ``peak``, where the kernel allows it.
    public static func resetPeak() {
        guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
        try? file.write(contentsOf: Data("5".utf8))
        try? file.close()
    }

    private static func field(_ name: String) -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
            let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Int($0) })
        else { return 0 }
        return kilobytes * 1024
    }
}
