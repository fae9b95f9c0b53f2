extension Placement {
    /// A task that `srun` started.
    ///
    /// A batch script has most of the variables, too, and is no task: it has no step, or one with a number from the end of the range.
    /// Source: `srun(1)`, "OUTPUT ENVIRONMENT VARIABLES".
    static func slurm(_ variables: LauncherVariables) throws -> LauncherVariables.Reading {
        guard let step = variables.first(["SLURM_STEP_ID", "SLURM_STEPID"]), let number = UInt32(step.text), number < 0xFFFF_FFF0,
            variables.text("SLURM_PROCID") != nil
        else { return .absent }
        guard let (sizeName, _) = variables.first(["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"]) else {
            throw variables.missing("SLURM_STEP_NUM_TASKS", because: "\(step.name) is \(number)")
        }
        let size = try variables.needed(sizeName, in: 1...Int.max, because: "\(step.name) is \(number)")
        let rank = try variables.rank("SLURM_PROCID", of: sizeName, size)
        if size == 1 { return .alone }
        let locals = try tasksHere(variables, of: size)
        let local = try variables.rank("SLURM_LOCALID", of: "SLURM_STEP_TASKS_PER_NODE", locals)
        let host = variables.text("SLURMD_NODENAME") ?? hostName
        return .placed(
            Placement(
                rank: rank, size: size, localRank: local, localSize: locals,
                address: try variables.text("MASTER_ADDR") ?? (locals == size ? loopback : firstNode(variables)),
                port: try variables.port(ofJob: ["SLURM_JOB_ID", step.name]), host: host, launcher: .slurm))
    }

    private static func firstNode(_ variables: LauncherVariables) throws -> String {
        guard let (name, list) = variables.first(["SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"]) else {
            throw variables.missing("SLURM_STEP_NODELIST", because: "SLURM_PROCID is set")
        }
        guard let first = SlurmNodeList.names(in: list)?.first else {
            throw LaunchError(
                .placement, at: name, "it is '\(list)', which is no list of nodes", remedy: "set MASTER_ADDR to the name of the first node")
        }
        return first
    }

    /// Tasks on this node, of which the list has one number a node.
    private static func tasksHere(_ variables: LauncherVariables, of size: Int) throws -> Int {
        guard let (name, list) = variables.first(["SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE"]) else {
            throw variables.missing("SLURM_STEP_TASKS_PER_NODE", because: "SLURM_PROCID is set")
        }
        let counts = SlurmNodeList.counts(in: list) ?? []
        let node = try variables.number("SLURM_NODEID", in: 0...Int.max) ?? (Set(counts).count == 1 ? 0 : nil)
        guard counts.reduce(0, +) == size, let node, node < counts.count else {
            throw LaunchError(
                .placement, at: name,
                "it is '\(list)', which does not tell how many of \(size) tasks are on node \(variables.text("SLURM_NODEID") ?? "unknown")",
                remedy: "start the processes with srun, and leave its variables as they are")
        }
        return counts[node]
    }
}
