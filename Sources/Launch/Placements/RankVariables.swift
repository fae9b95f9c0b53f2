extension Placement {
    /// The variable that says that Sightline started the process.
    static let launchedVariable = "SIGHTLINE_LAUNCHED"
    /// The variable by which Sightline tells a process its host's name.
    static let hostVariable = "SIGHTLINE_HOST"

    /// RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT: torchrun's variables, which Sightline's own launcher and
    /// Kubeflow's PyTorchJob set as well.
    ///
    /// Source: PyTorch, "torchrun (Elastic Launch)", "Environment Variables". A PyTorchJob starts one process a pod and leaves out the
    /// local ones.
    static func rankVariables(_ variables: LauncherVariables) throws -> LauncherVariables.Reading {
        guard let text = variables.text("RANK") else { return .absent }
        let size = try variables.needed("WORLD_SIZE", in: 1...Int.max, because: "RANK is \(text)")
        let rank = try variables.rank("RANK", of: "WORLD_SIZE", size)
        if size == 1 { return .alone }
        guard let address = variables.text("MASTER_ADDR") else {
            throw variables.missing("MASTER_ADDR", because: "WORLD_SIZE is \(size)")
        }
        let port = try variables.needed("MASTER_PORT", in: 1...65535, because: "WORLD_SIZE is \(size)")
        let (localRank, localSize) = try local(variables, rank: rank, size: size, address: address)
        let isOwn = variables.text(launchedVariable) != nil
        // Of a launcher further out, which started Sightline's own.
        let run = isOwn ? nil : variables.text("TORCHELASTIC_RUN_ID")
        var placement = Placement(
            rank: rank, size: size, localRank: localRank, localSize: localSize, address: address, port: port,
            host: (isOwn ? variables.text(hostVariable) : nil) ?? hostName,
            launcher: isOwn ? .sightline : run == nil && variables.text("KUBERNETES_SERVICE_HOST") != nil ? .kubernetes : .torchrun)
        if let run { placement.keyPrefix = "\(run)/\(variables.text("TORCHELASTIC_RESTART_COUNT") ?? "0")/" }
        placement.storeIsServed = run != nil && variables.text("TORCHELASTIC_USE_AGENT_STORE") == "True"
        return .placed(placement)
    }

    private static func local(
        _ variables: LauncherVariables, rank: Int, size: Int, address: String
    ) throws -> (rank: Int, size: Int) {
        switch (variables.text("LOCAL_RANK"), variables.text("LOCAL_WORLD_SIZE")) {
        case (nil, nil):
            // Who meets on the loopback is on one machine; otherwise, and in pods, it is one process a machine.
            let isPod = variables.text("KUBERNETES_SERVICE_HOST") != nil
            return !isPod && [loopback, "localhost", "::1"].contains(address) ? (rank, size) : (0, 1)
        case (.some(let local), nil): throw variables.missing("LOCAL_WORLD_SIZE", because: "LOCAL_RANK is \(local)")
        default:
            let localSize = try variables.needed("LOCAL_WORLD_SIZE", in: 1...size, because: "WORLD_SIZE is \(size)")
            return (try variables.rank("LOCAL_RANK", of: "LOCAL_WORLD_SIZE", localSize), localSize)
        }
    }
}
