import Datasets

extension DataReport {
    /// Faults of one kind that the page shows.
    private static let shownFaults = 8

    /// A page of what was found: what the data are, pictures with their labels, the classes, and the faults, with their pictures.
    ///
    /// `data`: the halves that were opened, by ``Channel/name``. `writer`: as in ``ReportPage/init(_:subtitle:writer:)``.
    public func page(_ data: [String: any AnnotatedImages], writer: String) -> ReportPage {
        let sources = channels.map { "\($0.name): \(Listing.shortened($0.source))" }.joined(separator: "; ")
        let drawings = data.mapValues { LabelDrawing(images: $0, classes: classNames) }
        var page = ReportPage("Data for \(task?.title ?? "training")", subtitle: sources, writer: writer)
        page.add("Overview", figures + HTML.paragraph("\(Figures.count(records, "record")) checked: \(verdict)."))
        for severity in DataFault.Severity.allCases where count(severity) > 0 {
            let kinds = DataFault.Kind.allCases.filter { $0.severity == severity }
            let sections = kinds.compactMap { kind -> String? in
                guard let count = counts[kind] else { return nil }
                let gallery = PictureGallery(faults.filter { $0.kind == kind }, in: drawings, limit: Self.shownFaults)
                return "<h3>\(HTML.escaped("\(kind.title) (\(Figures.count(count)))"))</h3>\n\(gallery.html)"
            }
            page.add(Figures.count(count(severity), severity.rawValue), sections.joined())
        }
        for channel in channels {
            guard let drawing = drawings[channel.name] else { continue }
            let gallery = PictureGallery(labels: drawing)
            if !gallery.items.isEmpty { page.add("Labels, \(channel.name)", gallery.html) }
        }
        if !classNames.isEmpty { page.add("Classes", classTable.html) }
        return page
    }

    private var figures: String {
        HTML.figures(
            channels.flatMap { channel -> [(name: String, value: String?)] in
                [
                    ("\(channel.name), records", Figures.count(channel.records)),
                    ("\(channel.name), pictures read", channel.pictures == channel.records ? nil : Figures.count(channel.pictures)),
                    ("\(channel.name), pixels", channel.sizes.map(Self.text)),
                ]
            } + [("classes", classNames.isEmpty ? nil : Figures.count(classNames.count))])
    }
}
