/// A page that tells how a model is doing: one file that needs nothing else, neither scripts nor the net.
public struct ReportPage: Sendable {
    private let title: String
    private let subtitle: String
    private let writer: String
    private var sections: [(title: String, body: String)] = []

    /// An empty page. `subtitle`: a sentence below the title. `writer`: who writes it, by which files of one name are told apart.
    public init(_ title: String, subtitle: String, writer: String) {
        self.title = title
        self.writer = writer
        self.subtitle = subtitle
    }

    /// Adds a section of ready HTML.
    mutating func add(_ title: String, _ body: String) { sections.append((title, body)) }

    /// The page.
    public var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
        <meta name="generator" content="\(HTML.escaped(writer))">
        <title>\(HTML.escaped(title))</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <header><h1>\(HTML.escaped(title))</h1><p>\(HTML.escaped(subtitle))</p></header>
        <main>

        """ + sections.map { "<section>\n<h2>\(HTML.escaped($0.title))</h2>\n\($0.body)</section>\n" }.joined()
            + "</main>\n</body>\n</html>\n"
    }

    private static let style = """
        :root { color-scheme: light dark; --ink: #1d2330; --paper: #ffffff; --faint: #667085; --line: #d8dce4; --plate: #f4f6f9;
          --right: 22, 134, 92; --wrong: 201, 60, 44;
          --s0: #2563eb; --s1: #d9480f; --s2: #168a5c; --s3: #9333ea; --s4: #b7791f; --s5: #0e7490; --s6: #be185d; --s7: #64748b; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --paper: #14171d; --faint: #98a2b3; --line: #343a46; --plate: #1d222b;
          --right: 52, 190, 136; --wrong: 236, 104, 88;
          --s0: #6aa0ff; --s1: #ff8a5c; --s2: #4ecb94; --s3: #c08bff; --s4: #e5b454; --s5: #4cc3dd; --s6: #f472b0; --s7: #a3b1c6; } }
        body { margin: 0 auto; max-width: 1120px; padding: 24px; font: 15px/1.5 system-ui, sans-serif; color: var(--ink);
          background: var(--paper); }
        h1 { font-size: 26px; margin: 0; } h2 { font-size: 18px; margin: 36px 0 12px; }
        header p, figcaption, .note, dt { color: var(--faint); } header p, p { margin: 4px 0 12px; }
        .figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 0 0 12px; }
        .figures div { background: var(--plate); border-radius: 8px; padding: 10px 16px; min-width: 96px; }
        .figures dt { font-size: 13px; } .figures dd { margin: 0; font-size: 22px; font-variant-numeric: tabular-nums; }
        .wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { padding: 4px 12px 4px 0; text-align: left; border-bottom: 1px solid var(--line); }
        th { font-weight: 600; } .number { text-align: right; }
        .matrix th, .matrix td { padding: 3px 6px; border: 1px solid var(--line); text-align: right; font-size: 13px; }
        .matrix thead th { vertical-align: bottom; } .matrix thead span { writing-mode: vertical-rl; transform: rotate(180deg); }
        .matrix tbody th { font-weight: 400; white-space: nowrap; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 20px; }
        .chart { margin: 0; max-width: 640px; } .chart > figcaption { color: var(--ink); font-weight: 600; }
        svg { width: 100%; height: auto; } svg text { fill: var(--faint); font-size: 12px; } .grid { stroke: var(--line); }
        .curve { fill: none; stroke-width: 2; stroke-linejoin: round; } .mark { stroke: var(--faint); stroke-dasharray: 4 4; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 4px 0 0; padding: 0; font-size: 13px; }
        .legend i { display: inline-block; width: 18px; height: 0; border-top: 3px solid; margin-right: 6px; vertical-align: middle; }
        .legend b { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
        .legend + .gallery { margin-top: 12px; } .beside { display: flex; flex-wrap: wrap; gap: 0 40px; } .beside > div { max-width: 100%; }
        .gallery { display: flex; flex-wrap: wrap; gap: 16px; }
        .mistake { background: var(--plate); border-radius: 8px; padding: 12px; max-width: 100%; box-sizing: border-box; }
        .mistake h3 { font-size: 14px; margin: 0 0 2px; overflow-wrap: anywhere; } .mistake p { margin: 0 0 8px; font-size: 13px; }
        .pictures { display: flex; flex-wrap: wrap; gap: 8px; } .pictures figure { margin: 0; font-size: 12px; }
        img { display: block; max-width: 100%; height: auto; border-radius: 4px; }
        img.small { width: 128px; image-rendering: pixelated; }
        """
}
