import HTTPTypes

extension HTTPField.Name {
    private static func known(_ name: StaticString) -> HTTPField.Name {
        guard let field = HTTPField.Name("\(name)") else { preconditionFailure("'\(name)' is no name of a header field") }
        return field
    }

    /// Returned as it was sent.
    static let customAttributes = known("x-amzn-sagemaker-custom-attributes")
    /// The model of a multi-model endpoint.
    static let targetModel = known("x-amzn-sagemaker-target-model")
    /// Names a request in logs on both sides.
    static let requestID = known("x-request-id")
    /// The error's name, where AWS's SDKs look for it.
    static let errorType = known("x-amzn-errortype")
    /// How much of a body is JSON, before tensors (Open Inference Protocol, binary tensor data extension).
    static let inferenceHeaderLength = known("inference-header-content-length")
    /// What a page may do.
    static let contentSecurityPolicy = known("content-security-policy")
}

extension ServingError.Kind {
    /// The answer's status.
    var status: HTTPResponse.Status {
        switch self {
        case .badSettings, .internalError: .internalServerError
        case .badRequest: .badRequest
        case .unauthorized: .unauthorized
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .notAcceptable: .notAcceptable
        case .requestTimeout: .requestTimeout
        case .conflict: .conflict
        case .contentTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .tooManyRequests: .tooManyRequests
        case .unavailable: .serviceUnavailable
        case .insufficientMemory: .init(code: 507, reasonPhrase: "Insufficient Storage")
        }
    }
}
