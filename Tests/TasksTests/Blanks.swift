import Datasets
import Imaging

/// Grey images; what is on them does not matter.
struct Blanks: ClassificationStorage {
    let count: Int
    func name(at index: Int) -> String { "blank \(index)" }
    func labelPlace(at index: Int) -> String { name(at: index) }
    func payload(at index: Int) throws -> ImagePayload { .pixels(try Image(width: 16, height: 16, filledWith: [9, 9, 9])) }
}
