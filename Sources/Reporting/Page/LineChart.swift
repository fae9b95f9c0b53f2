import Foundation

/// Curves over a common axis, as an SVG figure.
struct LineChart {
    /// One curve.
    struct Series {
        let name: String
        /// What is not finite leaves a gap.
        let points: [(x: Double, y: Double)]
    }

    let title: String
    let horizontal: ChartAxis
    let vertical: ChartAxis
    /// What the horizontal axis is called.
    let horizontalName: String
    let series: [Series]
    /// A place on the horizontal axis that is marked, and what it is.
    var mark: (x: Double, name: String)?
    /// Whether the legend tells each curve's last value.
    var tellsLast = true

    private static let size = (width: 640.0, height: 300.0)
    private static let plot = (left: 56.0, top: 12.0, right: 628.0, bottom: 258.0)

    /// The figure. No curves, no figure.
    var html: String {
        guard series.contains(where: { $0.points.contains { $0.y.isFinite } }) else { return "" }
        return "<figure class=\"chart\"><figcaption>\(HTML.escaped(title))</figcaption>\n"
            + "<svg viewBox=\"0 0 640 300\" role=\"img\" aria-label=\"\(HTML.escaped(title))\">\n"
            + grid + marker + series.indices.map(curve).joined() + "</svg>\n" + legend + "</figure>\n"
    }

    private func x(_ value: Double) -> String {
        Self.coordinate(Self.plot.left + horizontal.place(value) * (Self.plot.right - Self.plot.left))
    }

    private func y(_ value: Double) -> String {
        Self.coordinate(Self.plot.bottom - vertical.place(value) * (Self.plot.bottom - Self.plot.top))
    }

    private static func coordinate(_ value: Double) -> String { Figures.decimal(value, 1) }

    private static func colour(_ index: Int) -> String { "var(--s\(index % 8))" }

    /// Curves beyond the eight colours are dashed.
    private static func dashes(_ index: Int) -> String { index < 8 ? "" : " stroke-dasharray=\"\(index / 8 * 4) 3\"" }

    private var grid: String {
        let (left, right) = (Self.coordinate(Self.plot.left), Self.coordinate(Self.plot.right))
        var svg = ""
        for tick in vertical.ticks {
            svg += "<line class=\"grid\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(y(tick))\" y2=\"\(y(tick))\"/>"
            svg += "<text x=\"48\" y=\"\(y(tick))\" text-anchor=\"end\" dominant-baseline=\"middle\">\(Figures.rate(tick))</text>\n"
        }
        for tick in horizontal.ticks {
            svg += "<text x=\"\(x(tick))\" y=\"276\" text-anchor=\"middle\">\(Figures.rate(tick))</text>\n"
        }
        return svg + "<text x=\"342\" y=\"295\" text-anchor=\"middle\">\(HTML.escaped(horizontalName))</text>\n"
    }

    private var marker: String {
        guard let mark else { return "" }
        let place = x(mark.x)
        return "<line class=\"mark\" x1=\"\(place)\" x2=\"\(place)\" y1=\"\(Self.coordinate(Self.plot.top))\" "
            + "y2=\"\(Self.coordinate(Self.plot.bottom))\"><title>\(HTML.escaped(mark.name))</title></line>\n"
    }

    private func curve(_ index: Int) -> String {
        let pieces = series[index].points.split { !$0.x.isFinite || !$0.y.isFinite }
        return pieces.map { points in
            // A single point is no line.
            if points.count == 1, let point = points.first {
                return "<circle cx=\"\(x(point.x))\" cy=\"\(y(point.y))\" r=\"3\" style=\"fill: \(Self.colour(index))\"/>\n"
            }
            let places = points.map { "\(x($0.x)),\(y($0.y))" }.joined(separator: " ")
            return "<polyline class=\"curve\" style=\"stroke: \(Self.colour(index))\"\(Self.dashes(index)) points=\"\(places)\"/>\n"
        }.joined()
    }

    private var legend: String {
        let entries = series.enumerated().map { index, series in
            let last = tellsLast ? series.points.last.map { " " + Figures.decimal($0.y, 4) } ?? "" : ""
            let line = index < 8 ? "solid" : "dashed"
            return
                "<li><i style=\"border-color: \(Self.colour(index)); border-top-style: \(line)\"></i>\(HTML.escaped(series.name))\(last)</li>"
        }
        return "<ul class=\"legend\">\(entries.joined())</ul>\n"
    }
}
