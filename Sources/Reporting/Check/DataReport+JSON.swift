import Datasets

extension DataReport {
    /// One object, with the keys that scripts rely on. `seconds`: that the pass took.
    public func json(seconds: Double) -> JSONValue {
        let kept = Dictionary(grouping: faults, by: \.kind).mapValues(\.count)
        return .members([
            "task": task.map { .string($0.rawValue) }, "errors": .integer(count(.error)), "warnings": .integer(count(.warning)),
            "notes": .integer(count(.note)), "records": .integer(records), "seconds": .number(seconds),
            "classes": .array(classNames.map { .string($0) }), "channels": .array(channels.map { json(of: $0) }),
            "counts": .object(
                of: DataFault.Kind.allCases.compactMap { kind in counts[kind].map { (name: kind.rawValue, value: .integer($0)) } }),
            "faults": .array(faults.map { Self.json(of: $0) }),
            "faults_left_out": .integer(counts.reduce(0) { $0 + $1.value - (kept[$1.key] ?? 0) }),
        ])
    }

    private func json(of channel: Channel) -> JSONValue {
        let items = task == .detection ? "boxes" : "pixels"
        return .members([
            "name": .string(channel.name), "source": .string(channel.source), "opened": .bool(channel.isOpen),
            "records": .integer(channel.records), "readable_pictures": .integer(channel.pictures),
            "sizes": channel.sizes.map { sizes in
                .members(["smallest": Self.json(of: sizes.smallest), "largest": Self.json(of: sizes.largest)])
            },
            "classes": .array(
                zip(classNames, channel.classes).map { name, count in
                    .members([
                        "class": .string(name), "images": .integer(count.pictures),
                        items: task == .classification ? nil : .integer(count.items),
                    ])
                }),
            "unlabelled_pixels": task == .segmentation ? .integer(channel.unlabelledPixels) : nil,
        ])
    }

    private static func json(of size: PixelSize) -> JSONValue {
        .members(["width": .integer(size.width), "height": .integer(size.height)])
    }

    private static func json(of fault: DataFault) -> JSONValue {
        .members([
            "severity": .string(fault.severity.rawValue), "kind": .string(fault.kind.rawValue), "channel": .string(fault.channel),
            "record": fault.record.map { .integer($0) }, "place": .string(fault.place), "problem": .string(fault.problem),
            "remedy": .string(fault.remedy),
        ])
    }
}
