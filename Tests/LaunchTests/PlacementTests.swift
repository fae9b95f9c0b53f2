import Foundation
import Testing

@testable import Launch

/// Environments as the launchers set them: those of torchrun, Open MPI and MPICH were printed by processes that they had started, the others
/// follow their documentation.
@Suite("Which process of a job this is")
struct PlacementTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let environment: String
        let ranks: [Int]
        var address = "127.0.0.1"
        var port: Int?
        var isServed = false
        var prefix = ""
        let launcher: Placement.Launcher

        var variables: [String: String] {
            environment.split(whereSeparator: \.isWhitespace).reduce(into: [:]) { all, pair in
                let parts = pair.split(separator: "=", maxSplits: 1)
                all[String(parts[0])] = parts.count == 2 ? String(parts[1]) : ""
            }
        }
    }

    static let samples = [
        Sample(
            testDescription: "torchrun --nproc-per-node 2 (2.11)",
            environment: """
                RANK=1 WORLD_SIZE=2 LOCAL_RANK=1 LOCAL_WORLD_SIZE=2 GROUP_RANK=0 ROLE_RANK=1 ROLE_NAME=default GROUP_WORLD_SIZE=1
                MASTER_ADDR=127.0.0.1 MASTER_PORT=29500 TORCHELASTIC_RESTART_COUNT=0 TORCHELASTIC_MAX_RESTARTS=0
                TORCHELASTIC_RUN_ID=none TORCHELASTIC_USE_AGENT_STORE=True OMP_NUM_THREADS=1
                """, ranks: [1, 2, 1, 2], port: 29500, isServed: true, prefix: "none/0/", launcher: .torchrun),
        Sample(
            testDescription: "torchrun after a restart, of two nodes, without the agent's store",
            environment: """
                RANK=5 WORLD_SIZE=8 LOCAL_RANK=1 LOCAL_WORLD_SIZE=4 MASTER_ADDR=node-a MASTER_PORT=41211
                TORCHELASTIC_RESTART_COUNT=2 TORCHELASTIC_RUN_ID=job7 TORCHELASTIC_USE_AGENT_STORE=False
                """, ranks: [5, 8, 1, 4], address: "node-a", port: 41211, prefix: "job7/2/", launcher: .torchrun),
        Sample(
            testDescription: "a PyTorchJob's worker",
            environment: """
                KUBERNETES_SERVICE_HOST=10.96.0.1 KUBERNETES_PORT=tcp://10.96.0.1:443 PYTHONUNBUFFERED=1
                RANK=2 WORLD_SIZE=3 MASTER_ADDR=job-master-0 MASTER_PORT=23456
                """, ranks: [2, 3, 0, 1], address: "job-master-0", port: 23456, launcher: .kubernetes),
        Sample(
            testDescription: "set by hand on one machine", environment: "RANK=3 WORLD_SIZE=4 MASTER_ADDR=localhost MASTER_PORT=29500",
            ranks: [3, 4, 3, 4], address: "localhost", port: 29500, launcher: .torchrun),
        Sample(
            testDescription: "Sightline's own rank below torchrun's only one",
            environment: """
                SIGHTLINE_LAUNCHED=1 RANK=1 WORLD_SIZE=2 LOCAL_RANK=1 LOCAL_WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=40000
                TORCHELASTIC_USE_AGENT_STORE=True TORCHELASTIC_RUN_ID=none
                """, ranks: [1, 2, 1, 2], port: 40000, launcher: .sightline),
        Sample(
            testDescription: "mpirun -x MASTER_ADDR=… (Open MPI 4.1)",
            environment: """
                OMPI_COMM_WORLD_RANK=4 OMPI_COMM_WORLD_SIZE=6 OMPI_COMM_WORLD_LOCAL_RANK=1 OMPI_COMM_WORLD_LOCAL_SIZE=3
                OMPI_COMM_WORLD_NODE_RANK=1 OMPI_UNIVERSE_SIZE=6 PMIX_NAMESPACE=2489450497 PMIX_RANK=4
                OMPI_MCA_ess_base_jobid=2489450497 MASTER_ADDR=head MASTER_PORT=23000
                """, ranks: [4, 6, 1, 3], address: "head", port: 23000, launcher: .mpi),
        Sample(
            testDescription: "mpirun inside a Slurm job: the daemon's task is not the rank",
            environment: """
                OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=1 OMPI_COMM_WORLD_LOCAL_SIZE=2
                PMIX_NAMESPACE=1 SLURM_PROCID=0 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 SLURM_LOCALID=0 SLURM_JOB_ID=9
                """, ranks: [1, 2, 1, 2], launcher: .mpi),
        Sample(
            testDescription: "mpiexec.hydra (MPICH 4.0)",
            environment: """
                PMI_RANK=2 PMI_SIZE=3 PMI_FD=9 MPI_LOCALRANKID=2 MPI_LOCALNRANKS=3 MPIR_CVAR_CH3_INTERFACE_HOSTNAME=a
                """, ranks: [2, 3, 2, 3], port: 29400, launcher: .mpi),
        Sample(
            testDescription: "srun -N 3 --ntasks 11",
            environment: """
                SLURM_JOB_ID=4711 SLURM_JOBID=4711 SLURM_STEP_ID=0 SLURM_STEPID=0 SLURM_NTASKS=11 SLURM_NPROCS=11
                SLURM_STEP_NUM_TASKS=11 SLURM_PROCID=10 SLURM_LOCALID=2 SLURM_NODEID=2 SLURM_STEP_TASKS_PER_NODE=4(x2),3
                SLURM_TASKS_PER_NODE=4(x2),3 SLURM_STEP_NODELIST=gpu[08-09],login SLURM_JOB_NODELIST=gpu[08-09],login
                SLURMD_NODENAME=login PMI_RANK=10 PMI_SIZE=11
                """, ranks: [10, 11, 2, 3], address: "gpu08", launcher: .slurm),
        Sample(
            testDescription: "srun of one node, with the address that a script exported",
            environment: """
                SLURM_JOB_ID=4711 SLURM_STEP_ID=1 SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=1 SLURM_LOCALID=1 SLURM_NODEID=0
                SLURM_STEP_TASKS_PER_NODE=2 SLURM_STEP_NODELIST=gpu08 MASTER_ADDR=gpu08 MASTER_PORT=12345
                """, ranks: [1, 2, 1, 2], address: "gpu08", port: 12345, launcher: .slurm),
        Sample(
            testDescription: "srun torchrun: torchrun is nearer",
            environment: """
                RANK=0 WORLD_SIZE=4 LOCAL_RANK=0 LOCAL_WORLD_SIZE=2 MASTER_ADDR=gpu1 MASTER_PORT=29400 TORCHELASTIC_RUN_ID=4711
                TORCHELASTIC_RESTART_COUNT=0 TORCHELASTIC_USE_AGENT_STORE=True
                SLURM_JOB_ID=4711 SLURM_STEP_ID=1 SLURM_STEP_NUM_TASKS=2 SLURM_PROCID=1 SLURM_LOCALID=0
                """, ranks: [0, 4, 0, 2], address: "gpu1", port: 29400, isServed: true, prefix: "4711/0/", launcher: .torchrun),
        Sample(
            testDescription: "a pod of an Indexed Job",
            environment: "JOB_COMPLETION_INDEX=1 WORLD_SIZE=2 MASTER_ADDR=train-0.train KUBERNETES_SERVICE_HOST=10.96.0.1",
            ranks: [1, 2, 0, 1], address: "train-0.train", port: 29400, launcher: .kubernetes),
        Sample(
            testDescription: "the first pod of a PyTorchJob that is told to meet at itself",
            environment: "RANK=0 WORLD_SIZE=4 MASTER_ADDR=localhost MASTER_PORT=23456 KUBERNETES_SERVICE_HOST=10.96.0.1",
            ranks: [0, 4, 0, 1], address: "localhost", port: 23456, launcher: .kubernetes),
    ]

    @Test("Each launcher's variables give rank, size, local rank, local size and the place to meet", arguments: samples)
    func found(sample: Sample) throws {
        let placement = try #require(try Placement.found(in: sample.variables))
        #expect([placement.rank, placement.size, placement.localRank, placement.localSize] == sample.ranks)
        #expect(placement.address == sample.address)
        if let port = sample.port { #expect(placement.port == port) }
        #expect(placement.storeIsServed == sample.isServed)
        #expect(placement.keyPrefix == sample.prefix)
        #expect(placement.launcher == sample.launcher)
        #expect(placement.interface == nil && !placement.host.isEmpty)
    }

    @Test(
        "A process alone, a batch script that srun did not start, and pods that share nothing are no job of several",
        arguments: [
            "", "PATH=/bin HOSTNAME=a", "WORLD_SIZE=1", "RANK=0 WORLD_SIZE=1", "RANK= WORLD_SIZE=", "LOCAL_RANK=0",
            "MASTER_ADDR=a MASTER_PORT=1", "OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1", "PMI_RANK=0 PMI_SIZE=1",
            "SLURM_JOB_ID=1 SLURM_NTASKS=4 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NODEID=0 SLURM_TASKS_PER_NODE=4 SLURM_JOB_NODELIST=a",
            "SLURM_JOB_ID=1 SLURM_NTASKS=4 SLURM_TASKS_PER_NODE=4",
            "SLURM_JOB_ID=1 SLURM_STEP_ID=4294967290 SLURM_NTASKS=4 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_TASKS_PER_NODE=4",
            "SLURM_JOB_ID=1 SLURM_STEP_ID=0 SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0 SLURM_LOCALID=0",
            "JOB_COMPLETION_INDEX=3",
        ])
    func alone(environment: String) throws {
        #expect(try Placement.found(in: Self.variables(environment)) == nil)
    }

    @Test(
        "Variables that are half there, or do not fit together, are errors that name the one to mend",
        arguments: [
            ("RANK=1", "WORLD_SIZE"), ("WORLD_SIZE=2", "RANK"), ("LOCAL_RANK=1", "RANK"), ("RANK=0 WORLD_SIZE=2", "MASTER_ADDR"),
            ("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a", "MASTER_PORT"), ("RANK=2 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1", "RANK"),
            ("RANK=x WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1", "RANK"),
            ("RANK=0 WORLD_SIZE=two MASTER_ADDR=a MASTER_PORT=1", "WORLD_SIZE"),
            ("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=70000", "MASTER_PORT"),
            ("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1 LOCAL_RANK=0", "LOCAL_WORLD_SIZE"),
            ("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1 LOCAL_WORLD_SIZE=2", "LOCAL_RANK"),
            ("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1 LOCAL_RANK=0 LOCAL_WORLD_SIZE=3", "LOCAL_WORLD_SIZE"),
            ("OMPI_COMM_WORLD_RANK=0", "OMPI_COMM_WORLD_SIZE"),
            ("OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2", "OMPI_COMM_WORLD_LOCAL_SIZE"),
            (
                "OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=0 OMPI_COMM_WORLD_LOCAL_SIZE=1", "MASTER_ADDR"
            ),
            ("PMI_RANK=0 PMI_SIZE=2", "MPI_LOCALNRANKS"),
            ("SLURM_STEP_ID=0 SLURM_PROCID=0", "SLURM_STEP_NUM_TASKS"),
            ("SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=2", "SLURM_STEP_TASKS_PER_NODE"),
            (
                "SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=2 SLURM_LOCALID=0 SLURM_NODEID=0 SLURM_STEP_TASKS_PER_NODE=1(x3)",
                "SLURM_STEP_TASKS_PER_NODE"
            ),
            (
                "SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=2 SLURM_LOCALID=0 SLURM_NODEID=0 SLURM_STEP_TASKS_PER_NODE=1(x2)",
                "SLURM_STEP_NODELIST"
            ),
            ("JOB_COMPLETION_INDEX=1 MASTER_ADDR=a", "WORLD_SIZE"), ("JOB_COMPLETION_INDEX=1 WORLD_SIZE=2", "MASTER_ADDR"),
            ("JOB_COMPLETION_INDEX=2 WORLD_SIZE=2 MASTER_ADDR=a", "JOB_COMPLETION_INDEX"),
        ])
    func refused(environment: String, name: String) {
        #expect {
            try Placement.found(in: Self.variables(environment))
        } throws: { error in
            guard let error = error as? LaunchError else { return false }
            return error.place == name && error.kind == .placement && !error.remedy.isEmpty
        }
    }

    @Test("An error is a sentence with variable, value and remedy")
    func sentence() {
        #expect {
            try Placement.found(in: ["RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "a"])
        } throws: {
            "\($0)" == "MASTER_PORT: it is not set, though WORLD_SIZE is 2; set all that the launcher sets, or none of it to train alone"
        }
    }

    @Test("Ports follow from the job: ranks of one meet, jobs differ, and all lie where they may")
    func ports() throws {
        func port(job: Int, rank: Int) throws -> Int? {
            try Placement.found(in: [
                "OMPI_COMM_WORLD_RANK": "\(rank)", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "\(rank)",
                "OMPI_COMM_WORLD_LOCAL_SIZE": "2", "PMIX_NAMESPACE": "\(job)", "PMIX_RANK": "\(rank)",
            ])?.port
        }
        var all: Set<Int> = []
        for job in 0..<100 {
            let first = try #require(try port(job: job, rank: 0))
            #expect(try port(job: job, rank: 1) == first)
            #expect((20000...59999).contains(first))
            all.insert(first)
        }
        #expect(all.count > 95)
    }

    @Test("A process finds the nearest of those that it descends from by name, and none by a name that none has")
    func ancestors() throws {
        let name = try String(contentsOfFile: "/proc/\(getppid())/comm", encoding: .utf8).dropLast()
        #expect(ProcessAncestors.first(named: String(name)) == getppid())
        #expect(ProcessAncestors.first(named: "no such process") == nil)
    }

    @Test("gloo's variable names the interface")
    func interface() throws {
        let variables = Self.variables("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1 GLOO_SOCKET_IFNAME=eth1,eth2")
        #expect(try Placement.found(in: variables)?.interface == "eth1")
    }

    private static func variables(_ text: String) -> [String: String] {
        Sample(testDescription: "", environment: text, ranks: [], launcher: .sightline).variables
    }
}
