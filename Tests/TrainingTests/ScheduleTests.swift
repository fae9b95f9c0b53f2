import Testing
import Training

struct ScheduleTests {
    @Test("Steps multiply the rate when their update is reached")
    func steps() {
        let schedule = LearningRateSchedule.step(factor: 0.1, updates: [100, 200])
        #expect(schedule.rate(base: 1, update: 0) == 1)
        #expect(schedule.rate(base: 1, update: 99) == 1)
        #expect(schedule.rate(base: 1, update: 100) == 0.1)
        #expect(abs(schedule.rate(base: 1, update: 200) - 0.01) < 1e-15)
    }

    @Test("Poly and cosine begin at the base and end at zero")
    func decays() {
        for schedule in [LearningRateSchedule.poly(power: 0.9, total: 50), .cosine(total: 50)] {
            #expect(schedule.rate(base: 0.5, update: 0) == 0.5)
            #expect(abs(schedule.rate(base: 0.5, update: 50)) < 1e-12)
            let rates = (0...50).map { schedule.rate(base: 0.5, update: $0) }
            #expect(zip(rates, rates.dropFirst()).allSatisfy { $0 > $1 })
        }
    }

    @Test("A warm-up rises linearly to the rate of the schedule behind it, which counts its updates")
    func warmup() {
        let after = LearningRateSchedule.cosine(total: 50)
        let schedule = LearningRateSchedule.warmup(updates: 10, then: after)
        #expect(schedule.rate(base: 1, update: 0) == 0.1)
        #expect(abs(schedule.rate(base: 1, update: 4) - 0.5 * after.rate(base: 1, update: 4)) < 1e-15)
        for update in 9...50 { #expect(schedule.rate(base: 1, update: update) == after.rate(base: 1, update: update)) }
    }

    @Test("Early stopping waits for the minimum of epochs and then for its patience")
    func earlyStopping() {
        let rule = EarlyStopping(minimumEpochs: 4, patience: 2, tolerance: 0)
        #expect(!rule.shouldStop(after: [0.5, 0.4, 0.4]))
        #expect(rule.shouldStop(after: [0.5, 0.4, 0.4, 0.4]))
        #expect(!rule.shouldStop(after: [0.5, 0.4, 0.6, 0.5]))
        #expect(rule.shouldStop(after: [0.5, 0.4, 0.6, 0.5, 0.6]))
        #expect(!rule.shouldStop(after: []))
    }

    @Test("With a patience of 0 the first epoch without improvement ends a run; what rises from 0 improves, whatever the tolerance")
    func fromNothing() {
        let impatient = EarlyStopping(minimumEpochs: 1, patience: 0, tolerance: 0)
        #expect(!impatient.shouldStop(after: [0.1, 0.2, 0.3]))
        #expect(impatient.shouldStop(after: [0.1, 0.2, 0.2]))
        let rule = EarlyStopping(minimumEpochs: 1, patience: 2, tolerance: 0.1)
        #expect(!rule.shouldStop(after: [0, 0.01, 0.02, 0.03]))
    }

    @Test("An improvement below the tolerance is none")
    func tolerance() {
        let rule = EarlyStopping(minimumEpochs: 1, patience: 2, tolerance: 0.1)
        #expect(rule.shouldStop(after: [0.5, 0.51, 0.52]))
        #expect(!rule.shouldStop(after: [0.5, 0.56, 0.57]))
    }
}
