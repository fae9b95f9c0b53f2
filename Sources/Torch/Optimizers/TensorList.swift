import CTorch

/// Tensors that one kernel call updates together.
struct TensorList {
    let tensors: [Tensor]
    let pointers: [ct_tensor]
    var count: Int64 { Int64(tensors.count) }

    init(_ tensors: [Tensor]) {
        self.tensors = tensors
        pointers = tensors.map(\.pointer)
    }

    /// self ← s·self
    func scale(by s: Double) throws { try check(ct_foreach_mul_scalar_(pointers, count, s)) }

    /// self ← s·self, where s is one number on the device
    func scale(by s: Tensor) throws { try check(ct_foreach_mul_tensor_(pointers, count, s.pointer)) }

    /// self ← self·b
    func multiply(by b: TensorList) throws { try check(ct_foreach_mul_(pointers, b.pointers, count)) }

    /// self ← self / b
    func divide(by b: TensorList) throws { try check(ct_foreach_div_(pointers, b.pointers, count)) }

    /// self ← self + s·b
    func add(_ b: TensorList, scale s: Double) throws { try check(ct_foreach_add_(pointers, b.pointers, count, s)) }

    /// self ← self + s·b·c
    func add(_ b: TensorList, times c: TensorList, scale s: Double) throws {
        try check(ct_foreach_addcmul_(pointers, b.pointers, c.pointers, count, s))
    }

    /// self ← self + s·b / c
    func add(_ b: TensorList, dividedBy c: TensorList, scale s: Double) throws {
        try check(ct_foreach_addcdiv_(pointers, b.pointers, c.pointers, count, s))
    }

    /// √(self + s), as new tensors
    func squareRoot(plus s: Double) throws -> TensorList {
        var made = [ct_tensor?](repeating: nil, count: tensors.count)
        try check(ct_foreach_sqrt_plus(pointers, count, s, &made))
        return TensorList(try made.map { try owned($0) })
    }

    func cloned() throws -> TensorList { TensorList(try tensors.map { try $0.clone() }) }
}
