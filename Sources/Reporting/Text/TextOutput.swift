import Foundation
import Glibc

/// Where text for people goes: a terminal that can be redrawn, or a file that keeps every character.
public struct TextOutput {
    /// Whether lines may be redrawn.
    public var isTerminal: Bool
    /// Whether colours are wanted.
    public var usesColour: Bool
    /// Columns of the terminal now.
    public var width: () -> Int
    /// Takes text; failures are nobody's concern, since progress must never stop a run.
    public var write: (String) -> Void

    /// Any place.
    public init(isTerminal: Bool, usesColour: Bool, width: @escaping () -> Int = { 80 }, write: @escaping (String) -> Void) {
        self.isTerminal = isTerminal
        self.usesColour = usesColour
        self.width = width
        self.write = write
    }

    /// Standard output.
    public static var standardOutput: TextOutput { TextOutput(descriptor: STDOUT_FILENO) }
    /// Standard error.
    public static var standardError: TextOutput { TextOutput(descriptor: STDERR_FILENO) }

    /// A file of this process. No colour where `NO_COLOR` is set (no-color.org) or the terminal is `dumb`.
    public init(descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment) {
        let isTerminal = isatty(descriptor) == 1 && environment["TERM"] != "dumb"
        self.init(
            isTerminal: isTerminal, usesColour: isTerminal && environment["NO_COLOR"].map(\.isEmpty) ?? true,
            width: { Self.columns(of: descriptor) }, write: { Self.write($0, to: descriptor) })
    }

    private static func columns(of descriptor: Int32) -> Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Unbuffered, so that a line is there when its event happened.
    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { buffer in
            var rest = UnsafeRawBufferPointer(buffer)
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                // A reader that has gone away (`| head`) is no fault.
                guard written > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
    }
}
