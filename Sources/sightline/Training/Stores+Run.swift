import Foundation
import Launch
import Storage
import Training

extension Stores {
    /// The stores of a training run. A request that fails is not tried again once the run is to end; of several processes each goes on trying,
    /// for they stop together, at a step that all of them have made.
    static var ofRun: Stores {
        let isAlone = (try? Placement.found(in: ProcessInfo.processInfo.environment)) == nil
        return Stores { isAlone && Interruption.isRequested }
    }
}
