import Imaging
import Storage

extension DataFault {
    /// What an error says about a file that can't be read or decoded, or a record that its reader refuses.
    ///
    /// `place`: of the file, where the error does not name one. `isAnnotation`: whether it is about what was said of the picture.
    init(_ error: any Error, in channel: String, record: Int?, at place: String, isAnnotation: Bool) {
        switch error {
        case let error as DatasetError:
            let kind: Kind =
                switch error.kind {
                case .malformed, .argument, .cancelled: .brokenRecord
                case .label: .wrongLabel
                case .classes: .wrongClasses
                case .unreadable: isAnnotation ? .missingAnnotation : .unreadableFile
                }
            // What Imaging says comes whole, remedy included.
            let (problem, remedy) = error.remedy.isEmpty ? Self.parts(of: error.problem) : (error.problem, error.remedy)
            self.init(kind, in: channel, record: record, at: error.place, problem, remedy: remedy)
        case let error as StorageError:
            self.init(.unreadableFile, in: channel, record: record, at: error.place, error.problem, remedy: error.remedy)
        case let error as ImagingError:
            let kind: Kind =
                switch error.kind {
                case .notAPicture: .notAPicture
                case .damaged: .damagedPicture
                case .tooLarge, .unsupported, .invalidArgument, .outOfMemory: .unusablePicture
                }
            let (problem, remedy) = Self.parts(of: error.description)
            self.init(kind, in: channel, record: record, at: place, problem, remedy: remedy)
        default:
            self.init(.unreadableFile, in: channel, record: record, at: place, "\(error)", remedy: "")
        }
    }

    /// Takes "What is wrong. What to do." apart, as the rest of a sentence.
    private static func parts(of message: String) -> (problem: String, remedy: String) {
        var message = message[...]
        if message.hasSuffix(".") { message = message.dropLast() }
        guard let end = message.ranges(of: ". ").last else { return (lowercased(message), "") }
        return (lowercased(message[..<end.lowerBound]), lowercased(message[end.upperBound...]))
    }

    /// The text with a small first letter, unless it begins with an abbreviation.
    private static func lowercased(_ text: Substring) -> String {
        guard let second = text.dropFirst().first, second.isLowercase else { return String(text) }
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
