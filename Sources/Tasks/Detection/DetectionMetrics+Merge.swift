extension DetectionMetrics: MergeableMetrics {
    /// The counts as plain numbers.
    public var numbers: [Double] {
        var numbers = [Double(count)]
        for scenes in scenes {
            numbers.append(Double(scenes.count))
            for scene in scenes {
                numbers += [Double(scene.number), Double(scene.truth.count), Double(scene.found.count)]
                for truth in scene.truth { numbers += truth.box.numbers + [truth.isDifficult ? 1 : 0, truth.isCrowd ? 1 : 0] }
                for found in scene.found { numbers += found.box.numbers + [found.score] }
            }
        }
        return numbers
    }

    /// Adds the counts of another process; see `MergeableMetrics`.
    public mutating func merge(_ numbers: [Double]) throws {
        var reader = NumberReader(numbers)
        count += try reader.nextInt()
        for classID in scenes.indices {
            for _ in 0..<(try reader.nextInt()) { scenes[classID].append(try Scene(reading: &reader)) }
            // Pictures come in the data set's order, whoever has seen them.
            scenes[classID] = scenes[classID].stablySorted { $0.number < $1.number }
        }
    }
}

extension Scene {
    fileprivate init(reading reader: inout NumberReader) throws {
        self.init(number: try reader.nextInt())
        let (truths, founds) = (try reader.nextInt(), try reader.nextInt())
        for _ in 0..<truths {
            truth.append(Truth(box: try PixelBox(reading: &reader), isDifficult: try reader.next() > 0, isCrowd: try reader.next() > 0))
        }
        for _ in 0..<founds { found.append(Found(box: try PixelBox(reading: &reader), score: try reader.next())) }
    }
}

extension PixelBox {
    fileprivate var numbers: [Double] { [left, top, width, height] }

    fileprivate init(reading reader: inout NumberReader) throws {
        self.init(left: try reader.next(), top: try reader.next(), width: try reader.next(), height: try reader.next())
    }
}
