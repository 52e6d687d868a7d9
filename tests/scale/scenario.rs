//! What is played.

use llm_router::{
    config::Leases,
    ledger::message::{Cap, Unit},
    time::Millis,
};

use crate::geography::Plan;

/// 2026-11-01T00:00:00Z, a Sunday.
const MONTH: Millis = Millis(1_793_491_200_000);

/// 2026-11-16T14:00:00Z, a Monday; most of the world is awake.
const MIDDLE: Millis = Millis(1_794_837_600_000);

const MINUTE_S: u64 = 60;
const DAY_S: u64 = 24 * 60 * MINUTE_S;

#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) start: Millis,
    pub(crate) length_s: u64,
    pub(crate) plan: Plan,
    pub(crate) caps: Vec<Cap>,
    /// Spent of each cap before; empty: nothing.
    pub(crate) used: Vec<u64>,
    pub(crate) load: Load,
    /// When the upstream answers 429, from and for how long, s.
    pub(crate) rests: Vec<(u64, u64)>,
    pub(crate) faults: Faults,
    pub(crate) leases: Leases,
}

#[derive(Clone)]
pub(crate) struct Load {
    /// Bursts a second, all sites together, at full activity.
    pub(crate) per_s: f64,
    pub(crate) diurnal: bool,
    /// Requests of a burst, from and to, and the ms between two of them.
    pub(crate) burst: (u64, u64),
    pub(crate) gap_ms: (u64, u64),
    /// It takes so long to begin, s.
    pub(crate) ramp_s: u64,
    /// From, to, bursts a second on top.
    pub(crate) crowd: Option<(u64, u64, f64)>,
}

#[derive(Clone, Copy)]
pub(crate) struct Faults {
    /// That a message is lost, and that a question arrives twice.
    pub(crate) lost: f64,
    pub(crate) twice: f64,
    /// That an isolate's clock stands still from a request on, and how long at most, ms: within the margin.
    pub(crate) freeze: f64,
    pub(crate) freeze_ms: u64,
    /// Mean life of an isolate, s.
    pub(crate) life_s: f64,
    /// Between two restarts of the object, s.
    pub(crate) restart_s: u64,
}

const FAULTS: Faults =
    Faults { lost: 0.001, twice: 0.001, freeze: 0.01, freeze_ms: 900, life_s: 1_800.0, restart_s: 3_600 };

/// One after the other: an open connection sends a few at a time.
const AGENT: ((u64, u64), (u64, u64)) = ((5, 40), (2_000, 15_000));
const SINGLE: ((u64, u64), (u64, u64)) = ((1, 1), (0, 0));

/// 300 sites, 10,000 isolates; of the requests of a site, the isolates get shares of 1, 1/2, 1/3, …
const WORLD: Plan = Plan { sites: 300, isolates: 10_000, skew: 1.0 };

fn cap(id: &str, limit: u64, unit: Unit, size: u32) -> Cap {
    Cap { id: id.to_owned(), limit, unit, size }
}

fn plan_caps() -> Vec<Cap> {
    vec![
        cap("minute", 40, Unit::Minute, 1),
        cap("6h", 600, Unit::Hour, 6),
        cap("month", 20_000, Unit::Month, 1),
    ]
}

fn load(per_s: f64, shape: ((u64, u64), (u64, u64))) -> Load {
    let (burst, gap_ms) = shape;
    Load { per_s, diurnal: false, burst, gap_ms, ramp_s: 0, crowd: None }
}

/// All of them; `quick` ones are shorter and smaller.
pub(crate) fn all(quick: bool) -> Vec<Scenario> {
    let base = Scenario {
        name: "",
        about: "",
        start: MIDDLE,
        length_s: if quick { 2 * MINUTE_S } else { 3 * MINUTE_S },
        plan: if quick { Plan { isolates: 1_000, ..WORLD } } else { WORLD },
        caps: Vec::new(),
        used: Vec::new(),
        load: load(1.0, SINGLE),
        rests: Vec::new(),
        // So few requests would hardly meet a window's end with a clock that stands still.
        faults: if quick { Faults { freeze: 0.2, ..FAULTS } } else { FAULTS },
        leases: Leases::default(),
    };
    let mut all = people(quick, &base);
    all.append(&mut services(quick, &base));
    all
}

/// Plans for people, as they are sold.
fn people(quick: bool, base: &Scenario) -> Vec<Scenario> {
    let days = |days: u64| if quick { DAY_S } else { days * DAY_S };
    vec![
        Scenario {
            name: "one person",
            about: "a month of agent sessions from one site with two isolates; 40/min, 600/6h, 20,000/month",
            start: MONTH,
            length_s: days(30),
            plan: Plan { sites: 1, isolates: 2, skew: 1.0 },
            caps: plan_caps(),
            load: Load { diurnal: true, ..load(1.0 / 800.0, AGENT) },
            ..base.clone()
        },
        Scenario {
            name: "team of 50",
            about: "the same caps, ten days, 12 sites, 60 isolates, up to 110 requests a minute",
            start: MONTH,
            length_s: days(10),
            plan: Plan { sites: 12, isolates: 60, skew: 1.0 },
            caps: plan_caps(),
            load: Load { diurnal: true, ..load(1.0 / 12.0, AGENT) },
            ..base.clone()
        },
        Scenario {
            name: "40/min, 300 sites",
            about: "10 requests a second from 300 sites compete for 40 a minute",
            length_s: if quick { 10 * MINUTE_S } else { 2 * 60 * MINUTE_S },
            caps: vec![cap("minute", 40, Unit::Minute, 1)],
            load: load(10.0, SINGLE),
            ..base.clone()
        },
    ]
}

/// Services.
fn services(quick: bool, base: &Scenario) -> Vec<Scenario> {
    let rate = |per_s: f64| if quick { per_s / 10.0 } else { per_s };
    let part = |cap: u64| if quick { cap / 10 } else { cap };
    vec![
        Scenario {
            name: "SaaS",
            about: "2,500 requests/s worldwide, 150,000/min; the upstream rests twice for 20 s",
            caps: vec![cap("minute", part(150_000), Unit::Minute, 1)],
            load: Load { diurnal: true, ..load(rate(4_000.0), SINGLE) },
            rests: if quick { vec![(60, 20)] } else { vec![(60, 20), (120, 20)] },
            ..base.clone()
        },
        Scenario {
            name: "SaaS, spread out",
            about: "the same, but each isolate of a site gets as much as any other: 0.25 requests/s",
            plan: Plan { skew: 0.0, ..base.plan },
            caps: vec![cap("minute", part(150_000), Unit::Minute, 1)],
            load: Load { diurnal: true, ..load(rate(4_000.0), SINGLE) },
            ..base.clone()
        },
        Scenario {
            name: "SaaS, short of cap",
            about: "2,000 requests/s want 60,000/min",
            caps: vec![cap("minute", part(60_000), Unit::Minute, 1)],
            load: load(rate(2_000.0), SINGLE),
            ..base.clone()
        },
        Scenario {
            name: "SaaS, just fits",
            about: "1,000 requests/s want 60,000/min: what a window's last second costs",
            length_s: 4 * MINUTE_S,
            caps: vec![cap("minute", part(60_000), Unit::Minute, 1)],
            load: load(rate(1_000.0), SINGLE),
            ..base.clone()
        },
        Scenario {
            name: "SaaS, few isolates",
            about: "2,000 requests/s in 1,000 isolates, alike in each site, 150,000/min",
            plan: Plan { isolates: base.plan.isolates / 10, skew: 0.0, ..WORLD },
            caps: vec![cap("minute", part(150_000), Unit::Minute, 1)],
            load: load(rate(2_000.0), SINGLE),
            ..base.clone()
        },
        Scenario {
            name: "fleet",
            about: "8,000 requests/s worldwide after half a minute, 2,000,000/min: more than one object can decide",
            length_s: if quick { 60 } else { 90 },
            caps: vec![cap("minute", part(2_000_000), Unit::Minute, 1)],
            load: Load { ramp_s: 30, ..load(rate(8_000.0), SINGLE) },
            ..base.clone()
        },
        Scenario {
            name: "flash crowd",
            about: "500 requests/s, then 6,000/s from 15 s before to 15 s after a minute ends; 60,000/min",
            length_s: 4 * MINUTE_S,
            caps: vec![cap("minute", part(60_000), Unit::Minute, 1)],
            load: Load { crowd: Some((105, 135, rate(5_500.0))), ..load(rate(500.0), SINGLE) },
            ..base.clone()
        },
        Scenario {
            name: "month used up",
            about: "1,000 requests/s run into 10,000,000/month on the 16th, with 100,000 left",
            caps: vec![cap("month", part(10_000_000), Unit::Month, 1)],
            used: vec![part(9_900_000)],
            load: load(rate(1_000.0), SINGLE),
            ..base.clone()
        },
    ]
}
