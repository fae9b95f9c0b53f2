import Foundation

/// What rank 0's work came to, as it goes to the other processes.
enum Outcome {
    case value([UInt8])
    case failure(TrainingError)

    init(_ error: any Error) { self = .failure(error as? TrainingError ?? TrainingError(.ranks, "Rank 0 has failed: \(error)")) }

    init(bytes: [UInt8]) throws {
        switch bytes.first {
        case 0: self = .value(Array(bytes.dropFirst()))
        case let number? where TrainingError.Kind.allCases.indices.contains(Int(number) - 1):
            self = .failure(TrainingError(.allCases[Int(number) - 1], String(decoding: bytes.dropFirst(), as: UTF8.self)))
        default: throw TrainingError(.ranks, "Rank 0 sent what this process does not understand. Start the same version everywhere.")
        }
    }

    var bytes: [UInt8] {
        switch self {
        case .value(let bytes): return [0] + bytes
        case .failure(let error):
            let number = TrainingError.Kind.allCases.firstIndex(of: error.kind) ?? 0
            return [UInt8(number + 1)] + Array(error.description.utf8)
        }
    }

    func get() throws -> [UInt8] {
        switch self {
        case .value(let bytes): return bytes
        case .failure(let error): throw error
        }
    }
}
