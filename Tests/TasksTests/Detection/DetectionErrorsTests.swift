import Datasets
import Testing

@testable import Tasks

@Suite("Kinds of detection errors")
struct DetectionErrorsTests {
    private static let size = PixelSize(width: 100, height: 100)

    private func object(_ classID: Int, _ left: Double, _ width: Double = 0.2, isCrowd: Bool = false, isDifficult: Bool = false)
        -> BoundingBox
    {
        BoundingBox(
            classID: classID, left: left, top: 0.1, right: left + width, bottom: 0.3, isDifficult: isDifficult, isCrowd: isCrowd)
    }

    private func found(_ classID: Int, _ left: Float, _ width: Float = 0.2, score: Float = 0.9) -> Detection {
        Detection(classID: classID, score: score, left: left, top: 0.1, right: left + width, bottom: 0.3)
    }

    private func counts(_ found: [Detection], _ truth: [BoundingBox]) -> (right: Int, wrong: [DetectionErrors.Kind: Int]) {
        let errors = DetectionErrors(found, truth: truth, size: Self.size, overlap: 0.5)
        let wrong = DetectionErrors.Kind.allCases.filter { errors.count($0) > 0 }.map { ($0, errors.count($0)) }
        return (errors.right, Dictionary(uniqueKeysWithValues: wrong))
    }

    @Test("Each kind is told, one alone")
    func kinds() {
        #expect(counts([found(0, 0.1)], [object(0, 0.1)]) == (1, [:]))
        #expect(counts([found(1, 0.1)], [object(0, 0.1)]) == (0, [.classification: 1]))
        // Shifted by half its width a box shares a third with the object.
        #expect(counts([found(0, 0.2)], [object(0, 0.1)]) == (0, [.localization: 1]))
        // What is misplaced and of another class is meant for no object, which is missed.
        #expect(counts([found(1, 0.2)], [object(0, 0.1)]) == (0, [.both: 1, .missed: 1]))
        #expect(counts([found(0, 0.1), found(0, 0.1, score: 0.8)], [object(0, 0.1)]) == (1, [.duplicate: 1]))
        #expect(counts([found(0, 0.7)], [object(0, 0.1)]) == (0, [.background: 1, .missed: 1]))
        #expect(counts([], [object(0, 0.1), object(1, 0.5)]) == (0, [.missed: 2]))
        #expect(counts([found(0, 0.1)], []) == (0, [.background: 1]))
    }

    @Test("Where several kinds apply, TIDE's first one counts")
    func order() {
        // A third of an object of its own class, all of one of another.
        #expect(counts([found(0, 0.2)], [object(0, 0.1), object(1, 0.2)]) == (0, [.localization: 1, .missed: 1]))
        // An object of its class that is found already, and one of another class that is not.
        let crowd = [found(0, 0.1, score: 0.95), found(0, 0.12)]
        #expect(counts(crowd, [object(0, 0.1), object(1, 0.13)]) == (1, [.classification: 1]))
    }

    @Test("An overlap of the threshold is not enough, and the surer of two boxes has the object")
    func thresholds() {
        // Half of the object: an IoU of exactly 0.5.
        let half = DetectionErrors([found(0, 0.25, 0.25)], truth: [object(0, 0.25, 0.5)], size: Self.size, overlap: 0.5)
        #expect(half.right == 0 && half.count(.localization) == 1)
        let (right, wrong) = counts([found(0, 0.12, score: 0.6), found(0, 0.1, score: 0.95)], [object(0, 0.1)])
        #expect(right == 1 && wrong == [.duplicate: 1])
        // A second object nearby takes the second box.
        #expect(counts([found(0, 0.1), found(0, 0.12)], [object(0, 0.1), object(0, 0.13)]) == (2, [:]))
    }

    @Test("Low scores are not looked at; crowds and difficult objects are neither missed nor wrongly found")
    func uncounted() {
        #expect(counts([found(0, 0.1, score: 0.49)], [object(0, 0.1)]) == (0, [.missed: 1]))
        #expect(counts([found(0, 0.1, score: .nan)], []) == (0, [:]))
        #expect(counts([], [object(0, 0.1, isDifficult: true), object(1, 0.5, 0.4, isCrowd: true)]) == (0, [:]))
        #expect(
            counts([found(0, 0.1), found(1, 0.5), found(1, 0.7)], [object(0, 0.1, isDifficult: true), object(1, 0.5, 0.4, isCrowd: true)])
                == (0, [:]))
    }

    @Test("Every box has one kind, and every object is right, touched or missed, whatever lies where")
    func sums() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let truth = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                object(Int.random(in: 0...1, using: &random), Double.random(in: 0...0.8, using: &random))
            }
            let boxes = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                found(Int.random(in: 0...1, using: &random), Float.random(in: 0...0.8, using: &random), score: 0.7)
            }
            let errors = DetectionErrors(boxes, truth: truth, size: Self.size, overlap: 0.5)
            #expect(errors.right + errors.total - errors.count(.missed) == boxes.count)
            #expect(errors.right + errors.count(.missed) <= truth.count)
            #expect(errors.right + errors.count(.missed) + errors.count(.classification) + errors.count(.localization) >= truth.count)
            var sum = errors
            sum.add(errors)
            #expect(sum.total == 2 * errors.total && sum.right == 2 * errors.right)
        }
    }
}
