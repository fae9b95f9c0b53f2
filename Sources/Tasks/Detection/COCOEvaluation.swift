/// What pycocotools' `evaluateImg` and `accumulate` do for one class and one range of areas.
struct COCOEvaluation {
    /// 0.5, 0.55 … 0.95, rounded as numpy's linspace rounds them.
    static let overlaps: [Double] = {
        let step: Double = (0.95 - 0.5) / 9
        return (0..<9).map { (index: Int) -> Double in Double(index) * step + 0.5 } + [0.95]
    }()
    /// 0, 0.01 … 1.
    static let recalls: [Double] = (0..<100).map { (index: Int) -> Double in Double(index) * 0.01 } + [1]

    /// A detection, and how it fares at each overlap.
    struct Verdict {
        enum Outcome { case right, wrong, uncounted }

        let score: Double
        /// Place among the picture's detections of the class, best first.
        let rank: Int
        var outcomes: [Outcome]
    }

    /// All detections by score.
    private let verdicts: [Verdict]
    /// Objects that count.
    private let objects: Int

    /// - Parameters:
    ///   - scenes: the pictures of the class.
    ///   - areas: objects of other areas, and detections of other areas that find nothing, don't count. In pixels.
    ///   - most: detections of a picture that are looked at.
    init(_ scenes: [Scene], areas: ClosedRange<Double>, most: Int) {
        var verdicts: [Verdict] = []
        var objects = 0
        for scene in scenes {
            let isIgnored = scene.truth.map { $0.isCrowd || !areas.contains($0.box.area) }
            objects += isIgnored.count { !$0 }
            verdicts += Self.judge(scene, isIgnored: isIgnored, areas: areas, most: most)
        }
        self.verdicts = verdicts.stablySorted { $0.score > $1.score }
        self.objects = objects
    }

    private static func judge(_ scene: Scene, isIgnored: [Bool], areas: ClosedRange<Double>, most: Int) -> [Verdict] {
        let found = scene.found.prefix(most)
        // What counts comes first; a detection looks at the rest only where it fits none of that.
        let order = isIgnored.indices.filter { !isIgnored[$0] } + isIgnored.indices.filter { isIgnored[$0] }
        let table = found.map { found in order.map { found.box.overlap(with: scene.truth[$0].box, isCrowd: scene.truth[$0].isCrowd) } }
        var verdicts = found.enumerated().map { Verdict(score: $1.score, rank: $0, outcomes: []) }
        for threshold in overlaps {
            var isTaken = Array(repeating: false, count: order.count)
            for (index, detection) in found.enumerated() {
                var best = min(threshold, 1 - 1e-10)
                var match: Int?
                for (place, truth) in order.enumerated() {
                    if isTaken[place], !scene.truth[truth].isCrowd { continue }
                    if let match, !isIgnored[order[match]], isIgnored[truth] { break }
                    if table[index][place] < best { continue }
                    best = table[index][place]
                    match = place
                }
                if let match { isTaken[match] = true }
                let isUncounted = match.map { isIgnored[order[$0]] } ?? !areas.contains(detection.box.area)
                verdicts[index].outcomes.append(isUncounted ? .uncounted : match == nil ? .wrong : .right)
            }
        }
        return verdicts
    }

    /// Average precision (over ``recalls``) and the recall reached, for each of ``overlaps``, with so many detections a picture; nil
    /// where no object counts.
    func average(most: Int) -> (precisions: [Double], recalls: [Double])? {
        guard objects > 0 else { return nil }
        let taken = verdicts.filter { $0.rank < most }
        var (precisions, reached): ([Double], [Double]) = ([], [])
        for threshold in Self.overlaps.indices {
            var (right, wrong) = (0.0, 0.0)
            var curve: [(recall: Double, precision: Double)] = []
            for verdict in taken {
                switch verdict.outcomes[threshold] {
                case .right: right += 1
                case .wrong: wrong += 1
                case .uncounted: break
                }
                curve.append((right / Double(objects), right / (wrong + right + Double.ulpOfOne)))
            }
            reached.append(curve.last?.recall ?? 0)
            for index in curve.indices.dropLast().reversed() {
                curve[index].precision = max(curve[index].precision, curve[index + 1].precision)
            }
            var place = 0
            var sum = 0.0
            for recall in Self.recalls {
                while place < curve.count, curve[place].recall < recall { place += 1 }
                if place < curve.count { sum += curve[place].precision }
            }
            precisions.append(sum / Double(Self.recalls.count))
        }
        return (precisions, reached)
    }
}
