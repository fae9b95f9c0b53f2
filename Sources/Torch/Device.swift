import CTorch

/// Where a tensor lies and its work is done.
public enum Device: Hashable, Sendable, CustomStringConvertible {
    /// The processor.
    case cpu
    /// The n-th CUDA device, from 0.
    case cuda(Int)

    init(number: Int32) { self = number < 0 ? .cpu : .cuda(Int(number)) }

    var number: Int32 {
        switch self {
        case .cpu: -1
        case .cuda(let index): Int32(clamping: index)
        }
    }

    /// `cpu` or `cuda:0`.
    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }

    /// The number of CUDA devices that answer. The CUDA half of libtorch is opened at the first question.
    public static var cudaCount: Int { Int(ct_cuda_devices()) }

    /// The first CUDA device where there is one, otherwise the processor.
    public static var best: Device { cudaCount > 0 ? .cuda(0) : .cpu }

    /// Reads `auto`, `cpu`, `cuda` or `cuda:1`.
    /// - Throws: ``TorchError`` for another word, or a device that this machine lacks.
    public init(parsing text: String) throws {
        let words = text.lowercased().split(separator: ":", omittingEmptySubsequences: false)
        switch words.first {
        case "auto" where words.count == 1: self = .best
        case "cpu" where words.count == 1: self = .cpu
        case "cuda", "gpu":
            guard words.count == 1 || (words.count == 2 && Int(words[1]) != nil) else { fallthrough }
            let index = words.count == 2 ? Int(words[1]) ?? 0 : 0
            let count = Device.cudaCount
            guard count > 0 else {
                throw TorchError("device '\(text)': \(String(cString: ct_cuda_reason())). Use --device cpu.")
            }
            guard (0..<count).contains(index) else {
                throw TorchError("device '\(text)': this machine has \(count) CUDA device(s), numbered from 0.")
            }
            self = .cuda(index)
        default: throw TorchError("device '\(text)' is not one of auto, cpu, cuda, cuda:0, cuda:1, …")
        }
    }

    /// Waits until all work that was given to the device is done. Nothing to wait for on the processor.
    public func synchronize() throws { try check(ct_synchronize(number)) }

    /// Bytes that tensors hold on a CUDA device, now and at the most; nil on the processor, where ``ProcessMemory`` tells.
    public func memory() throws -> (current: Int, peak: Int)? {
        guard case .cuda = self else { return nil }
        var current: Int64 = 0
        var peak: Int64 = 0
        try check(ct_device_memory(number, &current, &peak))
        return (Int(current), Int(peak))
    }

    /// The reduced precision that this device multiplies natively: bfloat16, float16, or nil where only float32 is quick.
    public var nativeReducedPrecision: DType? {
        switch self {
        case .cpu: ct_cpu_has_bf16() ? .bfloat16 : nil
        case .cuda: ct_cuda_has_bf16() ? .bfloat16 : nil
        }
    }

    /// Checks that products of a precision can be worked out here at all.
    /// - Throws: ``TorchError`` that says what the processor lacks.
    public func checkPrecision(_ precision: DType?) throws {
        guard precision == .bfloat16, self == .cpu, !ct_cpu_takes_bf16() else { return }
        throw TorchError("bfloat16 needs a processor with AVX-512 (bw, dq, vl), which this one has not. Use float32.")
    }
}
