extension WeightArray {
    /// The elements as 32-bit floats in row-major order.
    ///
    /// F16 and BF16 convert exactly; F64 and integers beyond 2²⁴ are rounded to nearest; F64 beyond the range becomes
    /// infinite; a Boolean is 1 where its byte is not 0.
    public func floats() -> [Float] {
        bytes.withUnsafeBytes { source in
            switch type {
            case .f32: convert(source, UInt32.self) { Float(bitPattern: $0) }
            case .f64: convert(source, UInt64.self) { Float(Double(bitPattern: $0)) }
            case .f16: convert(source, UInt16.self) { Float(Float16(bitPattern: $0)) }
            case .bf16: convert(source, UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
            case .i64: convert(source, Int64.self) { Float($0) }
            case .i32: convert(source, Int32.self) { Float($0) }
            case .i16: convert(source, Int16.self) { Float($0) }
            case .i8: convert(source, Int8.self) { Float($0) }
            case .u8: convert(source, UInt8.self) { Float($0) }
            case .bool: convert(source, UInt8.self) { $0 == 0 ? 0 : 1 }
            }
        }
    }

    private func convert<Bits: FixedWidthInteger & BitwiseCopyable>(
        _ source: UnsafeRawBufferPointer, _ bits: Bits.Type, _ value: (Bits) -> Float
    ) -> [Float] {
        let count = source.count / MemoryLayout<Bits>.size
        return [Float](unsafeUninitializedCapacity: count) { target, initialized in
            for index in 0..<count {
                // Arrays inside a file lie at any alignment.
                let raw = source.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
                target.initializeElement(at: index, to: value(Bits(littleEndian: raw)))
            }
            initialized = count
        }
    }
}
