/// Pascal VOC's average precision, for each class and on the mean.
public struct VOCScores: Sendable, Equatable {
    /// The mean over the classes that have objects; 0 where none has.
    public let mean: Double
    /// Average precision of each class, 0…1; nil where it has no object.
    public let perClass: [Double?]
}

extension DetectionMetrics {
    /// Pascal VOC's mean average precision, as the development kit's `VOCevaldet` (in Python: `voc_eval`) works it out.
    ///
    /// The detections of a class are taken from all pictures by score. Each looks for the object that it overlaps most. Where the overlap
    /// exceeds `overlap`, it is right, unless a better one has found the object before; where the object is difficult (or a crowd), it
    /// does not count at all; otherwise it is wrong. Classes without objects are left out of the mean.
    ///
    /// The development kit counts pixels from 1 and the last belongs to the box, so it adds 1 to each difference. Boxes here are edges, and
    /// a file's box from pixel 3 to pixel 5 has them at 2 and 5: the same widths without adding.
    /// - Parameters:
    ///   - overlap: the overlap (IoU) to exceed, 0…1.
    ///   - elevenPoint: VOC 2007's mean over eleven recalls, or the area under the curve.
    public func voc(overlap: Double = 0.5, elevenPoint: Bool) -> VOCScores {
        let perClass = scenes.indices.map { precisionRecall(classID: $0, overlap: overlap)?.averagePrecision(elevenPoint: elevenPoint) }
        let known = perClass.compactMap(\.self)
        return VOCScores(mean: known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count), perClass: perClass)
    }

    /// The curve of a class at one overlap, by the rules of ``voc(overlap:elevenPoint:)``; nil for a class that there is not.
    public func precisionRecall(classID: Int, overlap: Double = 0.5) -> PrecisionRecallCurve? {
        guard scenes.indices.contains(classID) else { return nil }
        let pictures = scenes[classID]
        let objects = pictures.reduce(0) { $0 + $1.truth.count { !$0.isOutOfVOC } }
        let order = pictures.indices.flatMap { picture in pictures[picture].found.map { (picture: picture, found: $0) } }
            .stablySorted { $0.found.score > $1.found.score }

        var wasFound = pictures.map { Array(repeating: false, count: $0.truth.count) }
        var (right, wrong) = (0, 0)
        var (scores, recalls, precisions): ([Double], [Double], [Double]) = ([], [], [])
        for (picture, found) in order {
            var best: (overlap: Double, truth: Int)?
            for (index, truth) in pictures[picture].truth.enumerated() {
                let overlap = found.box.overlap(with: truth.box)
                if overlap > best?.overlap ?? -1 { best = (overlap, index) }
            }
            if let best, best.overlap > overlap {
                if pictures[picture].truth[best.truth].isOutOfVOC { continue }
                if wasFound[picture][best.truth] {
                    wrong += 1
                } else {
                    wasFound[picture][best.truth] = true
                    right += 1
                }
            } else {
                wrong += 1
            }
            scores.append(found.score)
            recalls.append(objects == 0 ? 0 : Double(right) / Double(objects))
            precisions.append(Double(right) / Double(right + wrong))
        }
        return PrecisionRecallCurve(scores: scores, recalls: recalls, precisions: precisions, objects: objects)
    }
}
