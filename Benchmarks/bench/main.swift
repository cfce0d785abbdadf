import Harness
let session = Session(seed: 1, budget: Budget(.quick))
let outcome = session.run(Floors.contenders(SuiteOptions()))
for r in outcome.rows { print(r.case, r.regime as Any, r.canaryNs as Any, r.spread, r.unit.rawValue, r.allocationsPerOperation as Any) }
print(outcome.failures, outcome.floor, outcome.rounds, outcome.discarded)
