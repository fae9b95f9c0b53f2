import Testing

@testable import Tasks

@Suite("Mistakes of classifiers")
struct ClassificationMistakeTests {
    @Test("Of one label an image, those are mistakes whose likeliest class is another, with both probabilities")
    func single() {
        let mistakes = ClassificationMistake.all(
            probabilities: [0.7, 0.2, 0.1, 0.1, 0.3, 0.6, 0.2, 0.5, 0.3], truth: [[0], [1], [2]], numbers: [10, 11, 12], multiLabel: false)
        #expect(
            mistakes == [
                ClassificationMistake(
                    number: 11, truth: [.init(classID: 1, probability: 0.3)], predicted: [.init(classID: 2, probability: 0.6)]),
                ClassificationMistake(
                    number: 12, truth: [.init(classID: 2, probability: 0.3)], predicted: [.init(classID: 1, probability: 0.5)]),
            ])
        #expect(mistakes.map(\.severity) == [0.6, 0.5])
    }

    @Test("Of several labels, those are mistakes whose classes above one half are others")
    func several() {
        let mistakes = ClassificationMistake.all(
            probabilities: [0.9, 0.6, 0.1, 0.9, 0.4, 0.1, 0.2, 0.2, 0.2], truth: [[0, 1], [0, 1], []], numbers: [0, 1, 2], multiLabel: true)
        #expect(mistakes.map(\.number) == [1])
        #expect(mistakes[0].predicted == [.init(classID: 0, probability: 0.9)])
        #expect(abs(mistakes[0].severity - 0.6) < 1e-6)
    }
}
