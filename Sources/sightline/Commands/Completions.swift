import ArgumentParser
import Reporting

/// `sightline completions`.
struct Completions: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints a script that completes this command in a shell.",
        discussion: """
            EXAMPLES
              sightline completions bash \\
                > ~/.local/share/bash-completion/completions/sightline
              sightline completions zsh > ~/.zfunc/_sightline
              sightline completions fish > ~/.config/fish/completions/sightline.fish
            """)

    /// A shell that has completions.
    enum Shell: String, CaseIterable, ExpressibleByArgument { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        let script =
            switch shell {
            case .bash: Sightline.completionScript(for: .bash)
            case .zsh: Sightline.completionScript(for: .zsh)
            case .fish: Sightline.completionScript(for: .fish)
            }
        TextOutput.standardOutput.write(script + "\n")
    }
}
