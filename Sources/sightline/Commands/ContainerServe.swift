import ArgumentParser
import Container
import Logging
import Serving

/// `sightline container serve`.
struct ContainerServe: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves the model in /opt/ml/model.",
        discussion: """
            EXAMPLES
              sightline container serve
              SIGHTLINE_ROOT=job SAGEMAKER_BIND_TO_PORT=8081 sightline container serve

            It listens on every address at port 8080. What the platform sets is followed:
            SAGEMAKER_BIND_TO_PORT, SAGEMAKER_MULTI_MODEL (models below /opt/ml/models,
            loaded by request), SAGEMAKER_BATCH, SAGEMAKER_MAX_PAYLOAD_IN_MB.
            SIGHTLINE_TOKEN wants a bearer token. Log lines are JSON, on standard error.

            Exit status: 0 after SIGTERM, when what was accepted has been answered.
            """)

    @Option(help: ArgumentHelp("The folder that stands for /opt/ml.", valueName: "folder"), completion: .directory)
    var root: String?

    @OptionGroup var engine: EngineOptions

    func run() throws {
        try ContainerCommand.check(root: root)
        ThreadWaiting.shorten()
        let device = try engine.start()
        var settings = try ServerSettings.container(root: ContainerTree(root: root).root)
        (settings.device, settings.threads) = (device, engine.threads)
        try Serve.serve(settings, logFormat: .json, level: .info)
    }
}
