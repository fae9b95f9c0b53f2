/// One host's records of a stream that all hosts read.
final class ShardedStream: AnnotatedImageStream, @unchecked Sendable {
    // Unchecked: a stream belongs to one thread at a time.
    private let stream: any AnnotatedImageStream
    private let shard: RecordShard
    private var number = 0
    var isRecoverable: Bool { stream.isRecoverable }

    init(_ stream: any AnnotatedImageStream, shard: RecordShard) { (self.stream, self.shard) = (stream, shard) }

    func next() throws -> AnnotatedImage? {
        while true {
            let isOwn = shard.contains(number)
            number += 1
            do {
                guard let record = try stream.next() else { return nil }
                if isOwn { return record }
            } catch  where !isOwn && stream.isRecoverable {
                // Another host's to report.
            }
        }
    }
}
