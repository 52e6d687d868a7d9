//! Everything that requests share: provider objects with their rows, isolates, the post, the clock, and the
//! upstreams' own count of what reached them.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use llm_router::{
    config,
    gateway::Gateway,
    ingress::{Entry, Settings},
    ledger::{
        Ledger,
        message::{Hint, Reserve, Reserved, Settle},
        rows::Rows,
    },
    ports::Unavailable,
    time::Millis,
    wire::Wire,
};

use super::{
    answer::Knobs,
    calendar::{next_window, window},
    model::{Asked, Granted, Model},
    script::{Call, Mail, Script},
    shape::{Leaf, Shape},
};

pub(super) struct World {
    pub(super) clock: Cell<u64>,
    pub(super) knobs: Knobs,
    pub(super) shapes: Vec<Rc<Shape>>,
    pub(super) objects: RefCell<Vec<Object>>,
    pub(super) isolates: RefCell<Vec<Isolate>>,
    /// Settlements that are late.
    pub(super) post: RefCell<Vec<(usize, String)>>,
    arrivals: RefCell<BTreeMap<Arrivals, Vec<(u64, u64)>>>,
    /// What was found to be wrong.
    pub(super) wrong: RefCell<Vec<String>>,
    pub(super) tally: RefCell<BTreeMap<String, u64>>,
}

/// Provider, bucket, window and when it opened.
type Arrivals = (usize, String, &'static str, u64, u64);

#[derive(Default)]
pub(super) struct Object {
    pub(super) ledger: Ledger,
    rows: Rows,
    lives: u64,
    pub(super) model: Model,
    pub(super) cut: bool,
    /// Counts whatever may change an answer.
    pub(super) changes: u64,
}

pub(super) struct Isolate {
    pub(super) gateway: Rc<Gateway>,
    pub(super) version: usize,
    /// Its clock is ahead by so much.
    pub(super) skew_ms: u64,
    pub(super) told: Rc<RefCell<Told>>,
}

/// What an isolate has been told and may still believe.
#[derive(Default)]
pub(super) struct Told {
    /// When it was told, and until when a target rests.
    pub(super) resting: BTreeMap<(Leaf, Wire), (u64, u64)>,
    /// When it was told, how much of a bucket is used, and until when that counts.
    pub(super) used: BTreeMap<(usize, String), (u64, u64, u64)>,
}

const TRUST_MS: u64 = 5 * 60_000;

impl Told {
    pub(super) fn learn(&mut self, now: u64, leaf: Leaf, wire: Wire, hint: &Hint) {
        if hint.cooldown_ms == 0 {
            self.resting.remove(&(leaf, wire));
        } else {
            self.resting.insert((leaf, wire), (now, now + hint.cooldown_ms));
        }
        for room in &hint.rooms {
            self.used.insert((leaf.0, room.bucket.clone()), (now, room.used, now + room.ends_ms));
        }
    }

    /// It saw the target fail.
    pub(super) fn rest(&mut self, now: u64, leaf: Leaf, wire: Wire, ms: u64) {
        let known = self.resting.get(&(leaf, wire)).map_or(0, |(_, until)| *until);
        self.resting.insert((leaf, wire), (now, known.max(now + ms)));
    }

    /// Whether it has reason to think that the target has no room.
    pub(super) fn is_away(&self, now: u64, leaf: Leaf, wire: Wire, shape: &Shape) -> bool {
        let fresh = |at: u64, until: u64| now < until && now < at + TRUST_MS;
        self.resting.get(&(leaf, wire)).is_some_and(|(at, until)| fresh(*at, *until))
            || shape.buckets(leaf).any(|bucket| {
                self.used
                    .get(&(leaf.0, bucket.id.clone()))
                    .is_some_and(|(at, used, ends)| *used >= bucket.requests && fresh(*at, *ends))
            })
    }
}

impl World {
    pub(super) fn new(script: &Script) -> Self {
        let Script { start, knobs, shapes, isolates, .. } = script;
        let shapes: Vec<Rc<Shape>> = shapes.iter().cloned().map(Rc::new).collect();
        let isolates = (0..*isolates as u64).map(|number| Isolate {
            gateway: Rc::new(gateway(&shapes[0], knobs)),
            version: 0,
            skew_ms: number * 1_700,
            told: Rc::default(),
        });
        Self {
            clock: Cell::new(*start),
            knobs: *knobs,
            objects: RefCell::new((0..shapes[0].providers.len() as u64).map(Object::new).collect()),
            isolates: RefCell::new(isolates.collect()),
            shapes,
            post: RefCell::default(),
            arrivals: RefCell::default(),
            wrong: RefCell::default(),
            tally: RefCell::default(),
        }
    }

    pub(super) fn wrong(&self, what: impl Into<String>) {
        self.wrong.borrow_mut().push(what.into());
    }

    pub(super) fn check(&self, fine: bool, what: impl FnOnce() -> String) {
        if !fine {
            self.wrong(what());
        }
    }

    pub(super) fn count(&self, what: &str) {
        *self.tally.borrow_mut().entry(what.to_owned()).or_default() += 1;
    }

    /// An attempt reached its upstream: there it counts in the windows of the moment that it was let through, or, let
    /// through in their last moments, in the next ones. That it does in both is more than any upstream counts.
    pub(super) fn arrive(&self, shape: &Shape, leaf: Leaf, granted_at: u64, grant: u64) {
        for bucket in shape.buckets(leaf) {
            let here = window(bucket.unit, bucket.size, granted_at);
            let next = next_window(bucket.unit, bucket.size, granted_at);
            for (start, _) in [Some(here), next].into_iter().flatten() {
                let mut arrivals = self.arrivals.borrow_mut();
                let key = (leaf.0, bucket.id.clone(), bucket.unit, bucket.size, start);
                let arrived = arrivals.entry(key).or_default();
                arrived.push((grant, bucket.requests));
                arrived.sort_unstable();
                // Each under the cap that it was let through with: caps change while attempts are on their way.
                let over = arrived.iter().enumerate().any(|(before, (_, limit))| before as u64 >= *limit);
                self.check(!over, || format!("cap broken: p{} {bucket:?} from {start}: {arrived:?}", leaf.0));
            }
        }
    }

    /// Hands a settlement over to the post.
    pub(super) fn post(&self, provider: usize, settle: &Settle, fate: Mail) {
        let text = serde_json::to_string(settle).unwrap();
        match fate {
            Mail::Lost => return,
            Mail::Late => self.post.borrow_mut().push((provider, text)),
            Mail::Prompt => self.deliver(provider, &text),
            Mail::Twice => {
                self.deliver(provider, &text);
                self.post.borrow_mut().push((provider, text));
            }
        }
        self.count(&format!("settlements {fate:?}"));
    }

    pub(super) fn deliver(&self, provider: usize, text: &str) {
        let settle: Settle = serde_json::from_str(text).unwrap();
        let now = self.clock.get();
        let mut objects = self.objects.borrow_mut();
        let object = &mut objects[provider];
        if object.cut {
            return;
        }
        object.ledger.settle(Millis(now), &settle);
        object.model.settle(now, &settle);
        object.write();
        self.compare_usage(provider, object);
    }

    /// What the provider's object says to an ask; `asked` is the same as the config has it.
    pub(super) fn reserve(
        &self,
        provider: usize,
        ask: &Reserve,
        asked: &[Asked<'_>],
        fate: Call,
    ) -> Result<Reserved, Unavailable> {
        let now = self.clock.get();
        let mut objects = self.objects.borrow_mut();
        let object = &mut objects[provider];
        if object.cut || fate == Call::Lost {
            return Err(Unavailable);
        }
        let before = object.model.clone();
        let reserved = object.ledger.reserve(Millis(now), ask);
        self.compare(now, object, ask, asked, &reserved);
        match fate {
            Call::WriteFails => {
                object.model = before;
                object.restart();
                return Err(Unavailable);
            }
            _ => object.write(),
        }
        self.compare_usage(provider, object);
        if fate == Call::ReplyLost { Err(Unavailable) } else { Ok(reserved) }
    }

    /// Whether the ledger has decided as it must.
    fn compare(
        &self,
        now: u64,
        object: &mut Object,
        ask: &Reserve,
        asked: &[Asked<'_>],
        reserved: &Reserved,
    ) {
        let closed: Vec<Option<u64>> =
            asked.iter().map(|asked| object.model.closed_until(now, asked)).collect();
        let open = closed.iter().position(Option::is_none);
        match reserved {
            Reserved::Grant(grant) => {
                self.check(open == Some(grant.candidate), || format!("granted {grant:?} where {closed:?}"));
                let expected = object.model.grant(now, &asked[grant.candidate], &grant.ticket.id);
                let Granted { report, probe } = expected;
                self.check((report, probe) == (grant.report, grant.probe), || {
                    format!("{grant:?}: expected {expected:?}")
                });
                self.count(if probe { "probes" } else { "grants" });
            }
            Reserved::Denial(denial) => {
                let said: Vec<Option<u64>> =
                    denial.refusals.iter().map(|refusal| refusal.retry_after_ms).collect();
                let waits: Vec<Option<u64>> =
                    closed.iter().map(|until| until.map(|until| until - now)).collect();
                self.check(said == waits, || format!("refused for {said:?}, expected {waits:?}"));
                let wait = said.into_iter().flatten().min().unwrap_or_default();
                self.check(!opens(&object.ledger, now + wait - 1, ask), || format!("opens before {wait}"));
                self.check(opens(&object.ledger, now + wait, ask), || format!("closed after {wait}"));
                self.count("denials");
            }
        }
        let (Reserved::Grant(llm_router::ledger::message::Grant { hints, .. })
        | Reserved::Denial(llm_router::ledger::message::Denial { hints, .. })) = reserved;
        let told = asked.iter().zip(hints).all(|(asked, hint)| object.model.is_told(now, asked, hint));
        self.check(told && hints.len() == asked.len(), || format!("hints are not true: {hints:?}"));
    }

    fn compare_usage(&self, provider: usize, object: &Object) {
        let now = self.clock.get();
        let usage = object.ledger.usage(Millis(now)).filter(|(_, used, _)| *used > 0);
        let usage: BTreeMap<String, u64> = usage.map(|(key, used, _)| (key.to_owned(), used)).collect();
        let expected = object.model.usage(now);
        self.check(usage == expected, || format!("p{provider} has counted {usage:?}, expected {expected:?}"));
    }
}

/// Whether a copy of the ledger would grant this then.
pub(super) fn opens(ledger: &Ledger, at: u64, ask: &Reserve) -> bool {
    matches!(ledger.clone().reserve(Millis(at), ask), Reserved::Grant(_))
}

impl Object {
    /// Lives of different objects are told apart, as those of one are.
    fn new(number: u64) -> Self {
        let mut object = Self { lives: number << 32, ..Self::default() };
        object.restart();
        object
    }

    fn write(&mut self) {
        let changes = self.ledger.take_changes();
        self.rows.apply(&self.ledger.encode(&changes).unwrap());
        self.changes += 1;
    }

    pub(super) fn restart(&mut self) {
        self.lives += 1;
        self.ledger = Ledger::load(&self.rows, self.lives).unwrap();
    }

    pub(super) fn expire(&mut self, now: u64) {
        self.ledger.expire(Millis(now));
        self.model.expire(now);
        self.write();
    }
}

pub(super) fn gateway(shape: &Shape, knobs: &Knobs) -> Gateway {
    let text = shape.config().to_string();
    let config = config::read(&text).unwrap_or_else(|report| panic!("{report:?}\n{text}")).config;
    let (settings, warnings) = Settings::read(|name| knobs.lookup(name));
    assert!(warnings.is_empty(), "{warnings:?}");
    Gateway::new(config, settings, Entry::Open, Millis(0), |_| None)
}
