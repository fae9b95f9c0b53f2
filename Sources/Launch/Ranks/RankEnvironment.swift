import Foundation

extension LocalRanks {
    /// The variable that names the folder of a rank's own pipes.
    public static let pipesVariable = "SIGHTLINE_PIPES"

    /// Whether one of them has started this process, and sees to its end.
    public static func hasStarted(_ environment: [String: String]) -> Bool { environment[Placement.launchedVariable] != nil }

    /// A rank's environment: the launcher's, and which rank it is.
    func rankEnvironment(of placement: Placement) -> [String: String] {
        // What a launcher further out says of its store and its restarts does not hold for ranks that it did not start.
        var variables = environment.filter { !$0.key.hasPrefix("TORCHELASTIC_") }
        variables["RANK"] = "\(placement.rank)"
        variables["WORLD_SIZE"] = "\(placement.size)"
        variables["LOCAL_RANK"] = "\(placement.localRank)"
        variables["LOCAL_WORLD_SIZE"] = "\(placement.localSize)"
        variables["MASTER_ADDR"] = placement.address
        variables["MASTER_PORT"] = "\(placement.port)"
        variables[Placement.launchedVariable] = "1"
        variables[Placement.hostVariable] = placement.host
        if let interface = placement.interface { variables["GLOO_SOCKET_IFNAME"] = interface }
        if let pipes { variables[Self.pipesVariable] = PipeTee.folder(ofRank: placement.localRank, in: pipes) }
        // Together the ranks have as many threads as there are cores: more would wait for each other at every operation.
        if variables["OMP_NUM_THREADS"] == nil {
            variables["OMP_NUM_THREADS"] = "\(placement.coresOfEach)"
        }
        return variables
    }
}
