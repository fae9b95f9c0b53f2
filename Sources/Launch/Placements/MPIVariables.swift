extension Placement {
    /// Variables that name a batch system's job, for launchers whose own name of it does not reach every host.
    private static let batchJobs = ["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"]

    /// Open MPI 1.3 to 5.
    ///
    /// Source: Open MPI, `mpirun(1)`, "Exported Environment Variables" and its FAQ, "What environment variables are set".
    static func openMPI(_ variables: LauncherVariables) throws -> LauncherVariables.Reading {
        try mpi(
            variables, rank: "OMPI_COMM_WORLD_RANK", size: "OMPI_COMM_WORLD_SIZE", localRank: ["OMPI_COMM_WORLD_LOCAL_RANK"],
            localSize: ["OMPI_COMM_WORLD_LOCAL_SIZE"], jobs: ["PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid"])
    }

    /// MPICH, MVAPICH and Intel MPI, which start processes by Hydra; Cray's launcher names the local ones in its own way.
    ///
    /// `srun` sets the first two as well where it plays the part of Hydra, and then the rest comes from its own variables.
    static func hydra(_ variables: LauncherVariables) throws -> LauncherVariables.Reading {
        let local = ["MPI_LOCALRANKID", "PMI_LOCAL_RANK"]
        if variables.first(local) == nil, variables.text("SLURM_STEP_ID") != nil { return .absent }
        return try mpi(
            variables, rank: "PMI_RANK", size: "PMI_SIZE", localRank: local, localSize: ["MPI_LOCALNRANKS", "PMI_LOCAL_SIZE"],
            jobs: ["PMI_JOBID", "PALS_APID"])
    }

    private static func mpi(
        _ variables: LauncherVariables, rank rankName: String, size sizeName: String, localRank: [String], localSize: [String],
        jobs: [String]
    ) throws -> LauncherVariables.Reading {
        guard let text = variables.text(rankName) else { return .absent }
        let size = try variables.needed(sizeName, in: 1...Int.max, because: "\(rankName) is \(text)")
        let rank = try variables.rank(rankName, of: sizeName, size)
        if size == 1 { return .alone }
        let localSizeName = variables.first(localSize)?.name ?? localSize[0]
        let locals = try variables.needed(localSizeName, in: 1...size, because: "\(sizeName) is \(size)")
        let local = try variables.rank(variables.first(localRank)?.name ?? localRank[0], of: localSizeName, locals)
        guard let address = variables.text("MASTER_ADDR") ?? (locals == size ? loopback : nil) else {
            throw LaunchError(
                .placement, at: "MASTER_ADDR", "it is not set, and \(size - locals) of \(size) processes are on other machines",
                remedy: "name the machine of rank 0: mpirun -x MASTER_ADDR=… with Open MPI, mpiexec -genv MASTER_ADDR … with others")
        }
        return .placed(
            Placement(
                rank: rank, size: size, localRank: local, localSize: locals, address: address,
                port: try port(variables, jobs: jobs, isOneMachine: locals == size), launcher: .mpi))
    }

    /// Open MPI names its jobs. Of Hydra's, those of one machine have one proxy as parent; those of several a batch system names, or nobody.
    private static func port(_ variables: LauncherVariables, jobs: [String], isOneMachine: Bool) throws -> Int {
        if let port = try variables.number("MASTER_PORT", in: 1...65535) { return port }
        if !jobs.contains(where: { variables.text($0) != nil }) {
            if isOneMachine, let proxy = ProcessAncestors.first(named: "hydra_pmi_proxy") { return JobPort.port(for: "hydra=\(proxy)") }
            return try variables.port(ofJob: batchJobs)
        }
        return try variables.port(ofJob: jobs)
    }
}
