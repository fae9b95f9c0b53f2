extension Placement {
    /// What the environment says of this process: nil where it says nothing of others, or that there are none.
    ///
    /// The launcher that is nearest to the process wins: `srun torchrun …` and `mpirun` inside a Slurm job leave Slurm's variables there,
    /// too, which are those of the launcher and not of its ranks.
    /// - Throws: ``LaunchError`` that names the variable that is missing, or does not fit.
    public static func found(in environment: [String: String]) throws -> Placement? {
        let variables = LauncherVariables(environment)
        for read in [rankVariables, openMPI, hydra, indexedJob, slurm, halfSet] {
            switch try read(variables) {
            case .absent: continue
            case .alone: return nil
            case .placed(var placement):
                placement.interface = variables.interface
                return placement
            }
        }
        return nil
    }

    /// The port that MASTER_PORT names; nil: it is not set.
    /// - Throws: ``LaunchError`` where it is no port.
    public static func port(in environment: [String: String]) throws -> Int? {
        try LauncherVariables(environment).number("MASTER_PORT", in: 1...65535)
    }

    /// Variables of torchrun without RANK: somebody wanted several processes and left out which is which.
    private static func halfSet(_ variables: LauncherVariables) throws -> LauncherVariables.Reading {
        if let size = try variables.number("WORLD_SIZE", in: 1...Int.max), size > 1 {
            throw variables.missing("RANK", because: "WORLD_SIZE is \(size)")
        }
        if let local = try variables.number("LOCAL_RANK", in: 0...Int.max), local > 0 {
            throw variables.missing("RANK", because: "LOCAL_RANK is \(local)")
        }
        return .absent
    }
}
