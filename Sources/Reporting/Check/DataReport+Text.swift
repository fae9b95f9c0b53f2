import Datasets

extension DataReport {
    /// The most classes that are printed one by one: more do not fit a screen.
    static let longestPrintedTable = 40

    /// For people: what the data are, how often each class occurs, and what is wrong.
    ///
    /// `limit`: faults shown of one kind. `seconds`: that the pass took.
    public func text(limit: Int, seconds: Double) -> String {
        var text = overview
        if classNames.count > Self.longestPrintedTable {
            text += "\n" + classSummary
        } else if !classNames.isEmpty {
            text += "\n" + classTable.text()
        }
        for severity in DataFault.Severity.allCases where count(severity) > 0 { text += "\n" + section(severity, limit: limit) }
        let took = seconds < 60 ? Figures.decimal(seconds, 1) + " s" : Figures.duration(seconds)
        let speed = seconds > 0 ? Double(records) / seconds : 0
        return text + "\n\(Figures.count(records, "record")) checked in \(took) (\(Figures.speed(speed))): \(verdict)\n"
    }

    /// `2 errors, 1 warning`, or that nothing is wrong.
    var verdict: String {
        let parts = DataFault.Severity.allCases.filter { count($0) > 0 }.map { Figures.count(count($0), $0.rawValue) }
        return parts.isEmpty ? "nothing is wrong" : parts.joined(separator: ", ")
    }

    private var overview: String {
        var listing = Listing()
        for channel in channels {
            listing.add(
                channel.name,
                channel.isOpen ? "\(Figures.count(channel.records, "record")): \(channel.source)" : "\(channel.source): not opened")
        }
        listing.add("task", task?.rawValue)
        listing.add("classes", classNames.isEmpty ? nil : Figures.count(classNames.count))
        for channel in channels {
            guard let sizes = channel.sizes else { continue }
            listing.add(channels.count > 1 ? "\(channel.name) pictures" : "pictures", Self.text(sizes))
        }
        return listing.text
    }

    static func text(_ sizes: Sizes) -> String {
        func text(_ size: PixelSize) -> String { "\(size.width)×\(size.height)" }
        return sizes.smallest == sizes.largest
            ? "all \(text(sizes.largest)) pixels" : "\(text(sizes.smallest)) to \(text(sizes.largest)) pixels (width×height)"
    }

    // MARK: Classes

    var classTable: TextTable {
        var columns: [(title: String, alignment: TextTable.Alignment)] = [("class", .left)]
        for channel in channels where channel.isOpen {
            switch task {
            case .detection: columns += [("\(channel.name) boxes", .right), ("images", .right)]
            case .segmentation: columns += [("\(channel.name) pixels", .right), ("images", .right)]
            default: columns += [("\(channel.name) images", .right), ("share", .right)]
            }
        }
        var table = TextTable(columns)
        for (number, name) in classNames.enumerated() {
            table.add([name] + channels.filter(\.isOpen).flatMap { cells($0.classes[number], in: $0) })
        }
        if task == .segmentation {
            table.add(
                ["no class"]
                    + channels.filter(\.isOpen).flatMap { [Self.percent($0.unlabelledPixels, of: pixels($0)), ""] })
        }
        return table
    }

    private func cells(_ count: ClassCount, in channel: Channel) -> [String] {
        switch task {
        case .detection: [Figures.count(count.items), Figures.count(count.pictures)]
        case .segmentation: [Self.percent(count.items, of: pixels(channel)), Figures.count(count.pictures)]
        default: [Figures.count(count.items), Self.percent(count.items, of: channel.records)]
        }
    }

    private func pixels(_ channel: Channel) -> Int { channel.classes.reduce(channel.unlabelledPixels) { $0 + $1.items } }

    private static func percent(_ part: Int, of whole: Int) -> String {
        whole > 0 ? Figures.decimal(100 * Double(part) / Double(whole), 1) + " %" : "–"
    }

    private var classSummary: String {
        let what = task == .detection ? "boxes" : task == .segmentation ? "pixels" : "images"
        return channels.filter(\.isOpen).map { channel in
            let counts = channel.classes.map(\.items).sorted()
            guard let least = counts.first, let most = counts.last else { return "" }
            return "\(channel.name): \(Figures.count(least)) to \(Figures.count(most)) \(what) of a class, the median class has "
                + "\(Figures.count(counts[counts.count / 2]))\n"
        }.joined()
    }

    // MARK: Faults

    private func section(_ severity: DataFault.Severity, limit: Int) -> String {
        var text = Figures.count(count(severity), severity.rawValue).uppercased() + "\n"
        for kind in DataFault.Kind.allCases where kind.severity == severity {
            guard let count = counts[kind] else { continue }
            text += "\(kind.title) (\(Figures.count(count)))\n"
            let shown = faults.filter { $0.kind == kind }.prefix(max(0, limit))
            for fault in shown { text += "  \(fault.description)\n" }
            if count > shown.count { text += "  … and \(Figures.count(count - shown.count)) more\n" }
        }
        return text
    }
}
