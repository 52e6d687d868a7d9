//! Plays a scenario: one thread, virtual time, chance from a seed.

use std::collections::BTreeMap;

use llm_router::{
    leases::{Again, Question},
    ledger::{
        message::{Candidate, Cap, Grant, Reserve, Reserved, Target},
        rows::{Rows, Unreadable},
        window::span,
    },
    time::Millis,
};

use crate::{
    agenda::Agenda,
    audit::Audit,
    geography::World,
    isolate::Isolate,
    object::{Answer, Letter, Object},
    random::Random,
    scenario::Scenario,
    tally::Tally,
};

pub(crate) const PROVIDER: &str = "provider";

/// How often isolates' turns by the hour are worked out anew, µs.
const HOUR_TURNS_US: u64 = 300_000_000;

/// After the last request, until everything that is under way has arrived or ended: the longest answer and the
/// longest return.
const DRAIN_US: u64 = 60_000_000;

pub(crate) enum Event {
    /// The next burst begins somewhere.
    Burst,
    /// A request comes to an isolate, and so many of its burst are to follow.
    Request {
        isolate: usize,
        more: u64,
    },
    /// A request has waited for another's question for long enough.
    Insist {
        isolate: usize,
        life: u64,
        number: u64,
    },
    Arrived(Letter),
    /// The object's thread is free.
    Free,
    Answered {
        to: u64,
        reserved: Option<Reserved>,
    },
    /// The upstream has answered, and wants to be left alone for so long.
    Outcome {
        isolate: usize,
        life: u64,
        grant: Box<Grant>,
        rest_ms: Option<u64>,
    },
    Look {
        isolate: usize,
        life: u64,
    },
    Death,
    Restart,
}

/// A question under way.
pub(crate) struct Asked {
    pub(crate) isolate: usize,
    pub(crate) life: u64,
    pub(crate) question: Question,
    /// Who sent it; `None`: it was asked ahead of need.
    pub(crate) request: Option<Waiting>,
}

/// A request, and when it wanted to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Waiting {
    pub(crate) number: u64,
    pub(crate) since_us: u64,
}

pub(crate) struct Play<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) ask: Reserve,
    /// Of the load alone: with and without leases the same requests come.
    load: Random,
    pub(crate) random: Random,
    pub(crate) now_us: u64,
    pub(crate) agenda: Agenda,
    pub(crate) end_us: u64,
    pub(crate) requests: u64,
    pub(crate) questions: u64,
    pub(crate) world: World,
    pub(crate) shares: Vec<f64>,
    pub(crate) shares_until_us: u64,
    pub(crate) isolates: Vec<Isolate>,
    pub(crate) object: Object,
    pub(crate) asked: BTreeMap<u64, Asked>,
    pub(crate) audit: Audit,
    pub(crate) tally: Tally,
}

/// What came of it.
pub(crate) struct Played {
    pub(crate) tally: Tally,
    pub(crate) audit: Audit,
}

impl<'a> Play<'a> {
    pub(crate) fn new(scenario: &'a Scenario, seed: u64) -> Result<Self, Unreadable> {
        let mut random = Random(seed);
        let world = World::new(scenario.plan, &mut random);
        let isolates = (0..world.site_of.len()).map(|_| Isolate::new(0, &mut random)).collect();
        let candidate =
            Candidate { target: Target("model@openai".to_owned()), buckets: scenario.caps.clone() };
        Ok(Self {
            scenario,
            ask: Reserve::one(vec![candidate]),
            load: Random(random.bits()),
            random,
            now_us: 0,
            agenda: Agenda::default(),
            end_us: scenario.length_s * 1_000_000,
            requests: 0,
            questions: 0,
            world,
            shares: Vec::new(),
            shares_until_us: 0,
            isolates,
            object: Object::new(scenario.start, rows(scenario))?,
            asked: BTreeMap::new(),
            audit: Audit::new(&scenario.caps, &scenario.used, scenario.start),
            tally: Tally::default(),
        })
    }

    pub(crate) fn run(mut self) -> Result<Played, Unreadable> {
        self.agenda.add(0, Event::Burst);
        self.agenda.add(self.scenario.faults.restart_s * 1_000_000, Event::Restart);
        self.expect_death();
        while let Some((at_us, event)) = self.agenda.next() {
            if at_us > self.end_us + DRAIN_US {
                break;
            }
            self.now_us = at_us;
            self.happen(event)?;
        }
        Ok(Played { tally: self.tally, audit: self.audit })
    }

    fn happen(&mut self, event: Event) -> Result<(), Unreadable> {
        match event {
            Event::Burst => self.burst(),
            Event::Request { isolate, more } => self.request(isolate, more),
            Event::Insist { isolate, life, number } => self.insist(isolate, life, number),
            Event::Arrived(letter) => self.arrived(letter),
            Event::Free => self.serve(),
            Event::Answered { to, reserved } => self.answered(to, reserved),
            Event::Outcome { isolate, life, grant, rest_ms } => self.outcome(isolate, life, &grant, rest_ms),
            Event::Look { isolate, life } => self.look(isolate, life),
            Event::Death => self.death(),
            Event::Restart => {
                self.object.restart()?;
                self.agenda.add(self.now_us + self.scenario.faults.restart_s * 1_000_000, Event::Restart);
            }
        }
        Ok(())
    }

    /// The object's clock, which is the true one.
    pub(crate) fn true_time(&self) -> Millis {
        self.scenario.start.after(self.now_us / 1_000)
    }

    /// Bursts come at random, at the rate of the hour: candidates at the highest rate are thinned out.
    fn burst(&mut self) {
        if self.now_us >= self.end_us {
            return;
        }
        let load = &self.scenario.load;
        let (from_s, to_s, extra) = load.crowd.unwrap_or((0, 0, 0.0));
        let highest = load.per_s + extra;
        let gap_us = -(1.0 - self.load.next()).ln() / highest * 1e6;
        self.agenda.add(self.now_us + gap_us as u64, Event::Burst);
        if self.now_us >= self.shares_until_us {
            let hour = (self.scenario.start.0 / 1_000 + self.now_us / 1_000_000) as f64 / 3_600.0;
            self.shares = self.world.shares(hour, load.diurnal);
            self.shares_until_us = self.now_us + HOUR_TURNS_US;
        }
        let crowded = (from_s..to_s).contains(&(self.now_us / 1_000_000));
        let activity = self.shares.last().copied().unwrap_or(0.0);
        let begun = (self.now_us as f64 / 1e6 / load.ramp_s.max(1) as f64).min(1.0);
        let rate = (load.per_s * begun + if crowded { extra } else { 0.0 }) * activity;
        if !self.load.chance(rate / highest) {
            return;
        }
        let more = self.load.between(load.burst.0, load.burst.1) - 1;
        let isolate = self.world.isolate(&self.shares, &mut self.load);
        self.agenda.add(self.now_us, Event::Request { isolate, more });
    }

    fn request(&mut self, isolate: usize, more: u64) {
        if self.now_us >= self.end_us {
            return;
        }
        if more > 0 {
            let (least, most) = self.scenario.load.gap_ms;
            let gap_us = self.load.between(least, most) * 1_000;
            self.agenda.add(self.now_us + gap_us, Event::Request { isolate, more: more - 1 });
        }
        let faults = self.scenario.faults;
        if self.load.chance(faults.freeze) {
            let ms = self.load.between(1, faults.freeze_ms);
            self.isolates[isolate].freeze(self.now_us, ms);
        }
        self.tally.requests += 1;
        self.requests += 1;
        let waiting = Waiting { number: self.requests, since_us: self.now_us };
        self.attempt(isolate, waiting, Again::No);
    }

    fn arrived(&mut self, letter: Letter) {
        let to = letter.answer_to;
        if !self.object.receive(letter) {
            if let Some(to) = to {
                self.agenda.add(self.now_us, Event::Answered { to, reserved: None });
            }
        } else if !self.object.busy {
            self.serve();
        }
    }

    fn serve(&mut self) {
        self.object.busy = false;
        if !self.object.is_waited_for() {
            return;
        }
        let pause_us = self.object.pause_us(self.now_us);
        if pause_us > 0 {
            self.object.busy = true;
            self.agenda.add(self.now_us + pause_us, Event::Free);
            return;
        }
        let (free_us, answers) = self.object.serve(self.now_us, &mut self.tally);
        self.agenda.add(free_us, Event::Free);
        for Answer { leaves_us, to, decided, reserved } in answers {
            if let Reserved::Denial(denial) = &reserved {
                self.audit.denied(decided, denial);
            }
            self.reply(leaves_us, to, reserved);
        }
    }

    /// Isolates live as long as chance will have it; another takes the place of each.
    fn death(&mut self) {
        let isolate = self.random.below(self.isolates.len());
        let life = self.isolates[isolate].life + 1;
        self.isolates[isolate] = Isolate::new(life, &mut self.random);
        self.expect_death();
    }

    fn expect_death(&mut self) {
        let mean_us = self.scenario.faults.life_s * 1e6 / self.isolates.len() as f64;
        let gap_us = -(1.0 - self.random.next()).ln() * mean_us;
        self.agenda.add(self.now_us + gap_us as u64, Event::Death);
    }
}

/// What is stored when a scenario begins.
fn rows(scenario: &Scenario) -> Rows {
    let counter = |(cap, used): (&Cap, &u64)| {
        let span = span(cap.window(), scenario.start);
        let counter = serde_json::json!({ "start": span.start, "end": span.end, "used": used });
        (format!("{}|{}", cap.id, cap.window()), counter)
    };
    let counters: serde_json::Map<_, _> = scenario.caps.iter().zip(&scenario.used).map(counter).collect();
    Rows { ledger: Some(serde_json::json!({ "counters": counters }).to_string()), ..Rows::default() }
}
