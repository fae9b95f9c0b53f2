extension Placement {
    /// A pod of an Indexed Job: Kubernetes numbers the pods, the job's author says how many there are and where the first is.
    ///
    /// Source: Kubernetes, "Jobs", "Completion mode": JOB_COMPLETION_INDEX, and pods that reach each other by `<job>-<index>.<service>`.
    static func indexedJob(_ variables: LauncherVariables) throws -> LauncherVariables.Reading {
        guard let index = variables.text("JOB_COMPLETION_INDEX") else { return .absent }
        guard let size = try variables.number("WORLD_SIZE", in: 1...Int.max) else {
            // Pods of an Indexed Job need not belong together.
            guard variables.text("MASTER_ADDR") != nil else { return .absent }
            throw variables.missing("WORLD_SIZE", because: "JOB_COMPLETION_INDEX is \(index) and MASTER_ADDR is set")
        }
        let rank = try variables.rank("JOB_COMPLETION_INDEX", of: "WORLD_SIZE", size)
        if size == 1 { return .alone }
        guard let address = variables.text("MASTER_ADDR") else {
            throw LaunchError(
                .placement, at: "MASTER_ADDR", "it is not set, though JOB_COMPLETION_INDEX is \(index) and WORLD_SIZE is \(size)",
                remedy: "set it to the name of the pod with index 0, <job>-0.<service>")
        }
        return .placed(
            Placement(
                rank: rank, size: size, localRank: 0, localSize: 1, address: address,
                port: try variables.number("MASTER_PORT", in: 1...65535) ?? standardPort, launcher: .kubernetes))
    }
}
