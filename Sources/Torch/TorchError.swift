import CTorch

/// What libtorch refused, or what this machine cannot give.
public struct TorchError: Error, Equatable, CustomStringConvertible, Sendable {
    /// A sentence: what was asked, what libtorch answered, and what to do where that is known.
    public let description: String
    /// Whether an operation of several processes has failed, as it does where another one is gone.
    public let isCollective: Bool

    /// Makes an error from a sentence.
    public init(_ description: String, isCollective: Bool = false) {
        (self.description, self.isCollective) = (description, isCollective)
    }

    /// The error that the last failed call on this thread left behind.
    static func last() -> TorchError {
        let message = String(cString: ct_last_error())
        if message.contains("out of memory") || message.contains("can't allocate memory") {
            return TorchError(
                "out of memory: \(message). In training, --accumulate 4 (or more) works through a mini-batch in parts with the same result; "
                    + "else use a smaller mini_batch_size, or smaller images (image_shape, crop_size).")
        }
        return TorchError(message, isCollective: ct_last_error_is_collective())
    }
}

/// Owns a tensor that a C function made, or throws that function's error.
func owned(_ pointer: ct_tensor?) throws -> Tensor {
    guard let pointer else { throw TorchError.last() }
    return Tensor(handle: TensorHandle(pointer))
}

/// Owns the tensors that a C function writes, `count` of them, or throws its error.
func ownedResults(_ count: Int, _ body: (UnsafeMutablePointer<ct_tensor?>) -> Int32) throws -> [Tensor] {
    var results = [ct_tensor?](repeating: nil, count: count)
    let status = results.withUnsafeMutableBufferPointer { $0.baseAddress.map(body) ?? -1 }
    try check(status)
    return try results.map { try owned($0) }
}

/// Throws the error of a C function that answered with a status.
func check(_ status: Int32) throws {
    if status != 0 { throw TorchError.last() }
}
