import Foundation
import Synchronization
import Torch

/// What a server has done so far, for `/metrics`.
final class Telemetry: Sendable {
    /// A stretch of a request's way.
    enum Stage: String, CaseIterable, Sendable {
        /// Receiving the body.
        case receive
        /// Waiting for a decoder, and decoding.
        case decode
        /// Waiting for the network, and the network.
        case predict
        /// Writing the answer's bytes.
        case encode
    }

    private struct State {
        var requests: [String: Int] = [:]
        var durations: [String: Histogram] = [:]
        var stages: [Stage: Histogram] = [:]
        var batches = Histogram(Histogram.images)
        var inference = Histogram(Histogram.seconds)
        var inFlight = 0
        var models = 0
        var memory = 0
        var evictions = 0
    }

    private let state = Mutex(State())
    private let start = Date()

    /// A request arrived.
    func begin() { state.withLock { $0.inFlight += 1 } }

    /// A request was answered. `route`: its pattern, so that names of models make no new series.
    func end(route: String, method: String, status: Int, seconds: Double) {
        state.withLock { state in
            state.inFlight -= 1
            state.requests["route=\"\(route)\",method=\"\(method)\",status=\"\(status)\"", default: 0] += 1
            state.durations["route=\"\(route)\"", default: Histogram(Histogram.seconds)].observe(seconds)
        }
    }

    func observe(_ stage: Stage, seconds: Double) {
        state.withLock { $0.stages[stage, default: Histogram(Histogram.seconds)].observe(seconds) }
    }

    func observe(batch: Int, inference seconds: Double) {
        state.withLock { state in
            state.batches.observe(Double(batch))
            state.inference.observe(seconds)
        }
    }

    func set(models: Int, memory: Int) { state.withLock { ($0.models, $0.memory) = (models, memory) } }

    func countEviction() { state.withLock { $0.evictions += 1 } }

    /// All of it in Prometheus's exposition format, version 0.0.4.
    func exposition(queued: Int, capacity: Int) -> String {
        let state = state.withLock { $0 }
        var text = ""
        func head(_ name: String, _ type: String, _ help: String) { text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n" }
        func value(_ name: String, _ type: String, _ help: String, _ value: String) {
            head(name, type, help)
            text += "\(name) \(value)\n"
        }
        head("sightline_requests_total", "counter", "Requests answered.")
        for (labels, count) in state.requests.sorted(by: { $0.key < $1.key }) { text += "sightline_requests_total{\(labels)} \(count)\n" }
        head("sightline_request_seconds", "histogram", "Time from a request's head to its answer.")
        for (labels, histogram) in state.durations.sorted(by: { $0.key < $1.key }) {
            text += histogram.lines("sightline_request_seconds", labels: labels)
        }
        head("sightline_stage_seconds", "histogram", "Time that pictures spend in each stage.")
        for stage in Stage.allCases {
            if let histogram = state.stages[stage] {
                text += histogram.lines("sightline_stage_seconds", labels: "stage=\"\(stage.rawValue)\"")
            }
        }
        head("sightline_batch_images", "histogram", "Pictures that went through a network together.")
        text += state.batches.lines("sightline_batch_images", labels: "")
        head("sightline_inference_seconds", "histogram", "Time of a batch in the network.")
        text += state.inference.lines("sightline_inference_seconds", labels: "")
        value("sightline_requests_in_flight", "gauge", "Requests without an answer yet.", "\(state.inFlight)")
        value("sightline_queue_images", "gauge", "Pictures between acceptance and answer.", "\(queued)")
        value("sightline_queue_capacity_images", "gauge", "Pictures that are accepted at most.", "\(capacity)")
        value("sightline_models_loaded", "gauge", "Models in memory.", "\(state.models)")
        value("sightline_model_memory_bytes", "gauge", "Memory that models are taken to occupy.", "\(state.memory)")
        value("sightline_model_evictions_total", "counter", "Models that made room for another.", "\(state.evictions)")
        value("process_resident_memory_bytes", "gauge", "Resident memory.", "\(ProcessMemory.resident)")
        value("process_start_time_seconds", "gauge", "Start of the server since the epoch.", "\(start.timeIntervalSince1970)")
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
        value("process_open_fds", "gauge", "Open files and sockets.", "\(files)")
        return text
    }
}
