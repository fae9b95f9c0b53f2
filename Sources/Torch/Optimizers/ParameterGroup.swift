import CTorch

/// Weights with one decay, and what the update rule remembers of them.
struct ParameterGroup {
    struct Slot {
        let name: String
        let tensors: [Tensor]
    }

    let members: [Parameter]
    let decay: Double
    let slots: [Slot]

    init(members: [Parameter], decay: Double, slots names: [String]) throws {
        self.members = members
        self.decay = decay
        slots = try names.map { name in Slot(name: name, tensors: try members.map { try Tensor.zeros(like: $0.tensor) }) }
    }

    func update(_ rule: UpdateRule, learningRate lr: Double, previous: Double, step: Int, skip: Tensor?) throws {
        let ready = members.indices.filter { members[$0].tensor.gradient != nil }
        guard !ready.isEmpty else { return }
        let weights = TensorList(ready.map { members[$0].tensor })
        let gradients = TensorList(ready.compactMap { members[$0].tensor.gradient })
        let state = slots.map { slot in TensorList(ready.map { slot.tensors[$0] }) }
        switch rule {
        case .sgd(let momentum), .nag(let momentum):
            // torch's velocity leaves the learning rate out and MXNet's holds it: scaling keeps them equal when the rate changes.
            if let velocity = state.first, lr != previous, lr > 0 { try velocity.scale(by: previous / lr) }
            try check(
                ct_fused_sgd_(
                    weights.pointers, gradients.pointers, (state.first ?? weights).pointers, weights.count, lr, momentum, decay,
                    rule.isNesterov, false, skip?.pointer))
        case .adam(let beta1, let beta2, let eps):
            // torch corrects √v before it adds ε, MXNet after.
            let correction = (1 - power(beta2, step)).squareRoot()
            try check(
                ct_fused_adam_(
                    weights.pointers, gradients.pointers, state[0].pointers, state[1].pointers, weights.count, Int64(step), lr, beta1,
                    beta2,
                    eps / correction, decay))
        case .rmsprop(let rho, let momentum, let eps):
            try decayGradients(gradients, weights)
            let square = state[0]
            try square.scale(by: rho)
            try square.add(gradients, times: gradients, scale: 1 - rho)
            guard let momentum else {
                try weights.add(gradients, dividedBy: try square.squareRoot(plus: eps), scale: -lr)
                return
            }
            let (mean, delta) = (state[1], state[2])
            try mean.scale(by: rho)
            try mean.add(gradients, scale: 1 - rho)
            try delta.scale(by: momentum)
            let variance = try square.cloned()
            try variance.add(mean, times: mean, scale: -1)
            try delta.add(gradients, dividedBy: try variance.squareRoot(plus: eps), scale: -lr)
            try weights.add(delta, scale: 1)
        case .adagrad(let eps):
            let history = state[0]
            try history.add(gradients, times: gradients, scale: 1)
            // The decay acts on the weights from before the step.
            if decay != 0 { try weights.scale(by: 1 - lr * decay) }
            try weights.add(gradients, dividedBy: try history.squareRoot(plus: eps), scale: -lr)
        case .adadelta(let rho, let eps):
            let (square, delta) = (state[0], state[1])
            try square.scale(by: rho)
            try square.add(gradients, times: gradients, scale: 1 - rho)
            let change = try delta.squareRoot(plus: eps)
            try change.multiply(by: gradients)
            try change.divide(by: try square.squareRoot(plus: eps))
            try delta.scale(by: rho)
            try delta.add(change, times: change, scale: 1 - rho)
            if decay != 0 { try weights.scale(by: 1 - decay) }
            try weights.add(change, scale: -1)
        }
    }

    private func decayGradients(_ gradients: TensorList, _ weights: TensorList) throws {
        if decay != 0 { try gradients.add(weights, scale: decay) }
    }
}

extension UpdateRule {
    fileprivate var isNesterov: Bool {
        if case .nag(let momentum) = self { momentum != 0 } else { false }
    }
}

private func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, factor, rest) = (1.0, base, exponent)
    while rest > 0 {
        if rest & 1 == 1 { result *= factor }
        factor *= factor
        rest >>= 1
    }
    return result
}
