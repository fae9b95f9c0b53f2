import Foundation

/// Reads the images of a request of the Open Inference Protocol.
enum InferenceInput {
    /// Images of one request.
    static let imageLimit = 64

    private struct Body: Decodable {
        struct Parameters: Decodable {
            let threshold: Float?
        }

        let id: String?
        let parameters: Parameters?
        let inputs: [Tensor]
    }

    private struct Tensor: Decodable {
        struct Parameters: Decodable {
            let binary_data_size: Int?
        }

        let name: String
        let shape: [Int]
        let datatype: String
        let parameters: Parameters?
        let data: [String]?
    }

    /// What a request asks about.
    struct Contents {
        /// The request's own name.
        var id: String?
        /// JPEG or PNG files.
        let images: [[UInt8]]
        /// Detection: its parameter `threshold`, which scores must exceed.
        var threshold: Float?
    }

    /// The images of a request, and what it says besides.
    ///
    /// `headerLength`: the header `Inference-Header-Content-Length`: how many bytes of the body are JSON; nil: all.
    /// - Throws: ``ServingError`` that names the field.
    static func parse(_ body: [UInt8], headerLength: String?, contentType: String?) throws -> Contents {
        // A picture as it is: Triton's raw binary request, or simply a picture's content type.
        let type = contentType.flatMap { MediaType($0) }?.name
        if headerLength == "0" || type.map(Invocations.contentTypes.contains) ?? false { return Contents(images: [body]) }
        var length = body.count
        if let headerLength {
            guard let value = Int(headerLength), (0...body.count).contains(value) else {
                throw refusal("Inference-Header-Content-Length is '\(headerLength.prefix(20))'; the body has \(body.count) bytes.")
            }
            length = value
        } else if let type, type != "application/json" {
            throw ServingError(
                .unsupportedMediaType,
                "Content-Type: '\(type.prefix(100))' is none of application/json, \(Invocations.contentTypes.joined(separator: ", ")).")
        }
        let request: Body
        do {
            request = try JSONDecoder().decode(Body.self, from: Data(body[..<length]))
        } catch {
            throw refusal("The inference request does not parse: \(ModelRoutes.reason(error)).")
        }
        guard request.inputs.count == 1 else { throw refusal("inputs holds \(request.inputs.count) tensors; give one, 'image'.") }
        let input = request.inputs[0]
        guard input.datatype == "BYTES" else {
            throw refusal("inputs[0].datatype is '\(input.datatype.prefix(40))'; images are BYTES.")
        }
        let count = input.shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).overflow ? -1 : $0 * $1 }
        guard (1...imageLimit).contains(count), input.shape.allSatisfy({ $0 > 0 }) else {
            throw refusal("inputs[0].shape is \(input.shape); it must hold 1 to \(imageLimit) images.")
        }
        let images: [[UInt8]]
        if let size = input.parameters?.binary_data_size {
            images = try elements(Array(body[length...]), size: size)
        } else if let data = input.data {
            images = try data.enumerated().map { index, text in
                guard let bytes = Data(base64Encoded: text) else { throw refusal("inputs[0].data[\(index)] is no base64 text.") }
                return [UInt8](bytes)
            }
        } else {
            throw refusal("inputs[0] has neither data nor parameters.binary_data_size.")
        }
        guard images.count == count else { throw refusal("inputs[0].shape is \(input.shape), but there are \(images.count) elements.") }
        if let threshold = request.parameters?.threshold, !(0...1).contains(threshold) {
            throw refusal("parameters.threshold is \(threshold); it must be a score from 0 to 1.")
        }
        return Contents(id: request.id, images: images, threshold: request.parameters?.threshold)
    }

    /// Elements with their lengths before them: 4 bytes, little-endian.
    private static func elements(_ bytes: [UInt8], size: Int) throws -> [[UInt8]] {
        guard size == bytes.count else { throw refusal("binary_data_size is \(size), but \(bytes.count) bytes follow the JSON.") }
        var elements: [[UInt8]] = [], position = 0
        while position < bytes.count {
            guard bytes.count - position >= 4 else { throw refusal("The binary data end within a length.") }
            let length = (0..<4).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
            position += 4
            guard length <= bytes.count - position else {
                throw refusal("An element of the binary data has \(length) bytes, and \(bytes.count - position) are left.")
            }
            elements.append(Array(bytes[position..<position + length]))
            position += length
        }
        return elements
    }

    private static func refusal(_ sentence: String) -> ServingError { ServingError(.badRequest, sentence) }
}
