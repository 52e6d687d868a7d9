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
        message::{Grant, Hint, Reserve, Reserved, Return, Settle, Target, Ticket, Verdict},
        rows::Rows,
    },
    ports::Unavailable,
    time::Millis,
    wire::Wire,
};

use super::{
    answer::Knobs,
    calendar::{next_window, window},
    desk::Desk,
    faults::Fault,
    model::{Asked, Granted, Model},
    script::{Call, Mail, Script},
    shape::{Leaf, Shape},
    trip::Trip,
};
use crate::leases::truth::{self, Checked, Truth};

pub(super) struct World {
    pub(super) clock: Cell<u64>,
    pub(super) knobs: Knobs,
    pub(super) shapes: Vec<Rc<Shape>>,
    pub(super) objects: RefCell<Vec<Object>>,
    pub(super) isolates: RefCell<Vec<Isolate>>,
    /// Letters that are late.
    pub(super) post: RefCell<Vec<(usize, Letter)>>,
    /// Questions that go on by themselves.
    pub(super) trips: RefCell<Vec<Trip>>,
    /// Asked ever.
    pub(super) questions: Cell<u64>,
    pub(super) fault: Option<Fault>,
    arrivals: RefCell<BTreeMap<Arrivals, Vec<(u64, u64)>>>,
    /// What was found to be wrong.
    pub(super) wrong: RefCell<Vec<String>>,
    pub(super) tally: RefCell<BTreeMap<String, u64>>,
}

/// What needs no answer.
#[derive(Clone)]
pub(super) enum Letter {
    Settle(Settle),
    Back(Vec<Return>),
}

/// Provider, bucket, window and when it opened.
type Arrivals = (usize, String, &'static str, u64, u64);

#[derive(Default)]
pub(super) struct Object {
    pub(super) ledger: Ledger,
    rows: Rows,
    lives: u64,
    pub(super) model: Model,
    pub(super) truth: Truth,
    /// Units have come back, of which nobody was told.
    pub(super) has_taken_back: bool,
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
    pub(super) desk: Rc<Desk>,
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
    pub(super) fn new(script: &Script, fault: Option<Fault>) -> Self {
        let Script { start, knobs, shapes, isolates, .. } = script;
        let shapes: Vec<Rc<Shape>> = shapes.iter().cloned().map(Rc::new).collect();
        let isolates = (0..*isolates as u64).map(|number| Isolate {
            gateway: Rc::new(gateway(&shapes[0], knobs)),
            version: 0,
            skew_ms: number * 1_700,
            told: Rc::default(),
            desk: Rc::default(),
        });
        Self {
            clock: Cell::new(*start),
            knobs: *knobs,
            objects: RefCell::new((0..shapes[0].providers.len() as u64).map(Object::new).collect()),
            isolates: RefCell::new(isolates.collect()),
            shapes,
            post: RefCell::default(),
            trips: RefCell::default(),
            questions: Cell::default(),
            fault,
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

    pub(super) fn hold(&self, checked: Checked) {
        checked.unwrap_or_else(|wrong| self.wrong(wrong));
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

    /// A holder will not spend these any more.
    pub(super) fn let_go(&self, provider: usize, returns: &[Return]) {
        let let_go = self.objects.borrow_mut()[provider].truth.let_go(returns);
        self.hold(let_go);
    }

    /// Hands a letter over to the post.
    pub(super) fn post(&self, provider: usize, letter: &Letter, fate: Mail) {
        match fate {
            Mail::Lost => return,
            Mail::Late => self.post.borrow_mut().push((provider, letter.clone())),
            Mail::Prompt => self.deliver(provider, letter),
            Mail::Twice => {
                self.deliver(provider, letter);
                self.post.borrow_mut().push((provider, letter.clone()));
            }
        }
        let what = if matches!(letter, Letter::Settle(_)) { "settlements" } else { "returns" };
        self.count(&format!("{what} {fate:?}"));
    }

    pub(super) fn deliver(&self, provider: usize, letter: &Letter) {
        let now = self.clock.get();
        let mut objects = self.objects.borrow_mut();
        let object = &mut objects[provider];
        if object.cut {
            return;
        }
        // As it crosses: text.
        match letter {
            Letter::Settle(settle) => {
                let settle: Settle = serde_json::from_str(&serde_json::to_string(settle).unwrap()).unwrap();
                object.ledger.settle(Millis(now), &settle);
                object.model.settle(now, &settle);
                if !settle.sent {
                    self.hold(object.truth.unsent_heard(now, &settle.ticket));
                }
            }
            Letter::Back(returns) => {
                let returns: Vec<Return> =
                    serde_json::from_str(&serde_json::to_string(returns).unwrap()).unwrap();
                object.ledger.give_back(Millis(now), &self.spoiled(&returns));
                if self.fault == Some(Fault::ReturnedTwice) {
                    object.once_more(now, &returns);
                }
                self.take_back(object, now, &returns);
            }
        }
        object.write();
        self.compare_usage(provider, object);
    }

    fn take_back(&self, object: &mut Object, now: u64, returns: &[Return]) {
        object.has_taken_back |= object.model.take_back(now, returns);
        self.hold(object.truth.returned(now, returns));
    }

    /// What a fault makes of returns.
    fn spoiled(&self, returns: &[Return]) -> Vec<Return> {
        let more = u64::from(self.fault == Some(Fault::ReturnsWhatIsOut));
        returns.iter().map(|back| Return { units: back.units + more, ..back.clone() }).collect()
    }

    /// What the provider's object says to an ask; `asked` is the same as the config has it.
    pub(super) fn reserve(
        &self,
        provider: usize,
        ask: &Reserve,
        asked: &[Asked<'_>],
        question: truth::Asked,
        fate: Call,
    ) -> Result<Reserved, Unavailable> {
        let now = self.clock.get();
        let mut objects = self.objects.borrow_mut();
        let object = &mut objects[provider];
        if object.cut || fate == Call::Lost {
            return Err(Unavailable);
        }
        let before = (fate == Call::WriteFails).then(|| object.model.clone());
        let spoiled = Reserve { returns: self.spoiled(&ask.returns), ..ask.clone() };
        let reserved = object.ledger.reserve(Millis(now), &spoiled);
        let came_back = object.model.take_back(now, &ask.returns);
        self.compare(now, object, ask, asked, &reserved);
        if let Some(before) = before {
            object.model = before;
            object.restart();
            return Err(Unavailable);
        }
        object.write();
        object.has_taken_back |= came_back;
        self.hold(object.truth.returned(now, &ask.returns));
        if let Reserved::Grant(grant) = &reserved {
            let candidate = &ask.candidates[grant.candidate];
            self.hold(object.truth.granted(now, question, candidate, grant));
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
                let lease = object.model.lease(now, asked, grant.candidate, ask.lease);
                let expected = object.model.grant(now, &asked[grant.candidate], &grant.ticket.id, lease);
                let Grant { report, probe, ends_ms, .. } = *grant;
                let lease = grant.lease.as_ref().map(|lease| (lease.units, lease.valid_ms));
                self.check(expected == Granted { report, probe, lease, ends_ms }, || {
                    format!("{grant:?}: expected {expected:?}")
                });
                self.check(lease.is_some() || !ask.is_ahead(), || "granted ahead is no lease".to_owned());
                self.count(if probe { "probes" } else { "grants" });
            }
            Reserved::Denial(denial) if ask.is_ahead() && open.is_some() => {
                let open = open.unwrap();
                let lease = object.model.lease(now, asked, open, ask.lease);
                self.check(lease.is_none(), || format!("denied, where {lease:?} could be leased"));
                let said = denial.refusals.iter().map(|refusal| refusal.retry_after_ms);
                let waits = closed[..open].iter().map(|until| until.map(|until| until - now));
                self.check(said.eq(waits), || format!("refused as {denial:?} where {closed:?}"));
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
        let (Reserved::Grant(Grant { hints, .. })
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

/// Whether a copy of the ledger would grant one of these then.
pub(super) fn opens(ledger: &Ledger, at: u64, ask: &Reserve) -> bool {
    let ask = Reserve::one(ask.candidates.clone());
    matches!(ledger.clone().reserve(Millis(at), &ask), Reserved::Grant(_))
}

impl Object {
    /// Lives of different objects are told apart, as those of one are.
    fn new(number: u64) -> Self {
        let mut object = Self { lives: number << 32, ..Self::default() };
        object.restart();
        object
    }

    /// Takes units back without looking.
    fn once_more(&mut self, now: u64, returns: &[Return]) {
        for back in returns {
            let charges = back.charges.clone();
            let target = Target(String::new());
            let ticket =
                Ticket { id: format!("{} again {}", back.id, self.changes), at: now, target, charges };
            let settle = Settle { ticket, sent: false, verdict: Verdict::Neutral };
            self.ledger.settle(Millis(now), &settle);
        }
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
