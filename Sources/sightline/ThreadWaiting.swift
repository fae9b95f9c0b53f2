import Glibc

/// How threads of libtorch's OpenMP team wait for each other.
///
/// libgomp lets a thread that waits spin for some milliseconds. That is right where a run has the cores to itself. A server shares them
/// with decoding and with whoever else is on the machine: while a member of the team has no core, the others hold theirs for nothing,
/// at each of a network's hundred meetings. A short spin, then sleep, costs little where all is quiet.
enum ThreadWaiting {
    /// Turns of the waiting loop before a thread sleeps, each some tens of processor cycles.
    private static let turns = "100"

    /// Lets threads wait as a server's should.
    ///
    /// libgomp reads its variables when it is loaded, before any of our code runs: the program starts itself anew, as the same process.
    /// Whoever has set one of the variables keeps it. Call first, before there are threads.
    static func shorten() {
        guard getenv("GOMP_SPINCOUNT") == nil, getenv("OMP_WAIT_POLICY") == nil else { return }
        setenv("GOMP_SPINCOUNT", turns, 1)
        // Where that is refused the server is only slower.
        execv("/proc/self/exe", CommandLine.unsafeArgv)
    }
}
