import Torch

extension Module {
    /// The parameters that a regular expression matches from the start of their names, as Python's `re.match` does: those that
    /// `freeze_layer_pattern` freezes.
    ///
    /// `otherNames`: further names of a parameter, any of which may match, too.
    /// - Throws: `NetworkError` where the pattern is no regular expression.
    public func parameters(matching pattern: String, otherNames: (String) -> [String] = { _ in [] }) throws -> Set<String> {
        guard !pattern.isEmpty else { return [] }
        let expression: Regex<AnyRegexOutput>
        do {
            expression = try Regex(pattern)
        } catch {
            throw NetworkError(
                "freeze_layer_pattern '\(pattern)' is no regular expression; one for the first stages of a ResNet is '(conv1|bn1|layer[12])\\.'."
            )
        }
        return try Set(
            parameters.map(\.name).filter { name in
                try ([name] + otherNames(name)).contains { try expression.prefixMatch(in: $0) != nil }
            })
    }

    /// Stops the learning of parameters: no gradients, and running statistics where a whole batch norm is frozen. Give the optimiser
    /// only the rest, ``learningParameters``.
    public func freeze(_ names: Set<String>) throws {
        for parameter in parameters where names.contains(parameter.name) { try parameter.tensor.requiringGradient(false) }
        freezeNorms()
    }

    /// The parameters that are not frozen.
    public var learningParameters: [Parameter] { parameters.filter(\.tensor.requiresGradient) }

    private func freezeNorms() {
        if let norm = self as? BatchNorm2d { norm.isFrozen = !norm.weight.requiresGradient && !norm.bias.requiresGradient }
        for child in children { child.module.freezeNorms() }
    }
}
