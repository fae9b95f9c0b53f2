import Foundation
import Testing

@testable import Serving

extension Serving {
    @Suite("What the server tells about itself")
    struct InterfaceTests {
        @Test("openapi.json names the paths and methods that the server answers, and no others")
        func description() async throws {
            try await RunningServer.run(Models.classifier()) { client in
                let document = try await client.get("/openapi.json").json([String: Any].self)
                #expect((document["info"] as? [String: Any])?["version"] as? String == "1.2.3")
                let paths = try #require(document["paths"] as? [String: [String: Any]])
                for (path, methods) in paths {
                    let real = path.replacing("{model}", with: "model").replacing("{endpoint}", with: "model")
                    // A method that no path has tells which ones this path has.
                    let answer = try await client.send("PROPFIND", real)
                    #expect(answer.status == 405, "\(path): \(answer.status)")
                    let allowed = Set((answer.headers["allow"] ?? "").split(separator: ", ").map { $0.lowercased() }).subtracting(["head"])
                    #expect(allowed == Set(methods.keys), "\(path)")
                }
                #expect(paths.count == 14)
            }
        }

        @Test("The page holds everything that it needs, and may speak to nobody else")
        func page() async throws {
            let answer = try await RunningServer.run(Models.classifier()) { try await $0.get("/") }
            #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
            #expect(answer.headers["content-security-policy"]?.hasPrefix("default-src 'none'") ?? false)
            #expect(
                answer.text.contains("<title>Sightline</title>") && !answer.text.contains("src=\"http") && !answer.text.contains("url(http")
            )
        }

        @Test("Metrics are Prometheus's format: types before values, buckets that add up, no series that a client makes up")
        func metrics() async throws {
            let text = try await RunningServer.run(Models.classifier()) { client in
                _ = try await client.post("/invocations", Pictures.jpeg(1))
                _ = try await client.post("/invocations", [])
                _ = try await client.get("/made/up/\(UUID().uuidString)")
                _ = try await client.send("PROPFIND", "/ping")
                let answer = try await client.get("/metrics")
                #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
                return answer.text
            }
            var types: [String: String] = [:], buckets: [String: [Int]] = [:], counts: [String: Int] = [:]
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                if line.hasPrefix("# TYPE ") {
                    types[String(words[2])] = String(words[3])
                } else if !line.hasPrefix("#") {
                    let name = String(line.prefix { $0 != "{" && $0 != " " }), series = String(line.prefix { $0 != " " })
                    let base = ["_bucket", "_sum", "_count"].first { name.hasSuffix($0) }.map { String(name.dropLast($0.count)) } ?? name
                    #expect(types[name] != nil || types[base] == "histogram", "\(line)")
                    let value = try #require(words.last.flatMap { Double($0) })
                    if name.hasSuffix("_bucket") {
                        buckets[series.replacing(/,?le="[^"]*"/, with: "").replacing("{}", with: ""), default: []].append(Int(value))
                    }
                    if name.hasSuffix("_count") { counts[series.replacing("_count", with: "_bucket")] = Int(value) }
                }
            }
            #expect(buckets.count >= 5)
            for (series, values) in buckets { #expect(values == values.sorted() && values.last == counts[series], "\(series)") }
            #expect(text.contains(#"sightline_requests_total{route="/invocations",method="POST",status="200"} 1"#))
            #expect(text.contains(#"sightline_requests_total{route="/invocations",method="POST",status="400"} 1"#))
            #expect(text.contains(#"sightline_requests_total{route="none",method="GET",status="404"} 1"#))
            #expect(text.contains(#"method="other",status="405"} 1"#) && !text.contains("PROPFIND"))
        }
    }
}
