//! One provider's object, the isolates that hold leases of it, and everything between them. The ledger, its rows and the
//! holders are the real ones.

use std::{collections::BTreeMap, rc::Rc};

use llm_router::{
    config::Leases,
    leases::{Again, Holder, Question, Take},
    ledger::{
        Ledger, MARGIN_MS,
        message::{Candidate, Grant, Reserve, Reserved, Return, Settle, Target, Verdict},
        rows::Rows,
    },
    time::Millis,
};

use super::{
    faults::Fault,
    truth::{Asked, Checked, Truth},
};

pub(super) const PROVIDER: &str = "p";

/// What does not change in a world.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) start: u64,
    /// Lists of candidates that attempts ask for.
    pub(super) lists: Vec<Vec<Candidate>>,
    /// Caps by edit: every cap is its limit times the first, divided by the second.
    pub(super) edits: Vec<(u64, u64)>,
    pub(super) holders: usize,
    pub(super) terms: Leases,
    /// How far time moves at once, ms.
    pub(super) steps: Vec<u64>,
    pub(super) fault: Option<Fault>,
}

/// How often what goes wrong may still go wrong.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Budget {
    /// Of all of these together.
    pub(super) all: u8,
    pub(super) lose: u8,
    pub(super) double: u8,
    pub(super) restart: u8,
    pub(super) die: u8,
    pub(super) edit: u8,
    pub(super) outside: u8,
    pub(super) freeze: u8,
    pub(super) unsent: u8,
    pub(super) fail: u8,
    pub(super) succeed: u8,
}

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) setting: Rc<Setting>,
    pub(super) now: u64,
    pub(super) budget: Budget,
    pub(super) edit: usize,
    pub(super) ledger: Ledger,
    pub(super) rows: Rows,
    pub(super) lives: u64,
    pub(super) questions: u64,
    pub(super) isolates: Vec<Isolate>,
    pub(super) wire: Vec<Message>,
    pub(super) truth: Truth,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Isolate {
    pub(super) holder: Holder,
    /// Which of those that were here one after another.
    pub(super) life: u64,
    frozen: Option<u64>,
    /// Attempts that have a reservation, and whether they were settled as sent.
    pub(super) open: Vec<(Grant, Option<bool>)>,
    /// The last question before a target failed.
    pub(super) failed: BTreeMap<Target, u64>,
}

#[derive(Clone, Debug)]
pub(super) enum Message {
    Ask { from: (usize, u64), question: Box<Question>, asked: Asked },
    Answer { to: (usize, u64), question: Box<Question>, asked: Asked, reserved: Box<Reserved> },
    Back(Vec<Return>),
    Settle(Settle),
}

/// What may happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// An isolate has an attempt to make.
    Take {
        isolate: usize,
        list: usize,
    },
    Deliver(usize),
    /// It arrives, and will once more; nobody hears the answer to this one.
    Double(usize),
    Lose(usize),
    /// The object decides about it and is gone before it has written.
    Crash(usize),
    Unsent {
        isolate: usize,
        unit: usize,
    },
    Fail {
        isolate: usize,
        unit: usize,
    },
    Succeed {
        isolate: usize,
        unit: usize,
    },
    /// Unused units are sent on their own.
    GiveBack {
        isolate: usize,
    },
    Pass(u64),
    Freeze {
        isolate: usize,
    },
    Thaw {
        isolate: usize,
    },
    Restart,
    Die {
        isolate: usize,
    },
    /// The config's caps change.
    Edit,
    /// Somebody spends whatever is left but one.
    Outside,
}

impl World {
    pub(super) fn new(setting: Setting, budget: Budget) -> Self {
        let isolates = vec![Isolate::default(); setting.holders];
        Self {
            now: setting.start,
            setting: Rc::new(setting),
            budget,
            edit: 0,
            ledger: Ledger::load(&Rows::default(), 1).unwrap(),
            rows: Rows::default(),
            lives: 1,
            questions: 0,
            isolates,
            wire: Vec::new(),
            truth: Truth::default(),
        }
    }

    /// As much demand as there can be, so that all that is wanted is wanted at once.
    pub(super) fn press(&mut self, isolate: usize) {
        let terms = self.setting.terms;
        for list in 0..self.setting.lists.len() {
            let ask = Reserve::one(self.list(list));
            let now = self.clock(isolate);
            for _ in 0..5_000 {
                let holder = &mut self.isolates[isolate].holder;
                let Take::Ask(question) = holder.take(now, PROVIDER, &ask, terms, Again::No) else { return };
                holder.heard(&question, None);
            }
        }
    }

    pub(super) fn list(&self, list: usize) -> Vec<Candidate> {
        let (times, by) = self.setting.edits[self.edit];
        let mut list = self.setting.lists[list].clone();
        for cap in list.iter_mut().flat_map(|candidate| &mut candidate.buckets) {
            cap.limit = cap.limit * times / by;
        }
        list
    }

    /// An isolate's clock: behind the true one while it stands still, by the margin at most.
    pub(super) fn clock(&self, isolate: usize) -> Millis {
        let most =
            if self.setting.fault == Some(Fault::ClockStandsTooLong) { 3 * MARGIN_MS } else { MARGIN_MS };
        let frozen = self.isolates[isolate].frozen;
        Millis(frozen.map_or(self.now, |at| at.max(self.now - most)))
    }

    /// Everything that may happen now.
    pub(super) fn ops(&self) -> Vec<Op> {
        let Budget { all, lose, double, restart, die, edit, outside, freeze, unsent, fail, succeed } =
            self.budget;
        let may = |left: u8| left > 0 && all > 0;
        let mut ops = Vec::new();
        for (isolate, one) in self.isolates.iter().enumerate() {
            ops.extend((0..self.setting.lists.len()).map(|list| Op::Take { isolate, list }));
            for (unit, (grant, settled)) in one.open.iter().enumerate() {
                // A holder must not mind what comes twice; to a reservation of its own nobody says first this, then that.
                let again = grant.ticket.id.contains('.') || *settled == Some(false);
                let unsent = (settled.is_none() || again) && may(unsent);
                ops.extend(unsent.then_some(Op::Unsent { isolate, unit }));
                if settled.is_none() {
                    ops.extend(may(fail).then_some(Op::Fail { isolate, unit }));
                    ops.extend(may(succeed).then_some(Op::Succeed { isolate, unit }));
                }
            }
            let due = one.holder.next_return(PROVIDER);
            ops.extend(due.is_some_and(|at| at <= self.clock(isolate)).then_some(Op::GiveBack { isolate }));
            match one.frozen {
                None => ops.extend(may(freeze).then_some(Op::Freeze { isolate })),
                Some(_) => ops.push(Op::Thaw { isolate }),
            }
            ops.extend(may(die).then_some(Op::Die { isolate }));
        }
        for (index, message) in self.wire.iter().enumerate() {
            ops.push(Op::Deliver(index));
            ops.extend(may(lose).then_some(Op::Lose(index)));
            if !matches!(message, Message::Answer { .. }) {
                ops.extend(may(double).then_some(Op::Double(index)));
                ops.extend(may(restart).then_some(Op::Crash(index)));
            }
        }
        ops.extend(self.setting.steps.iter().map(|ms| Op::Pass(*ms)));
        ops.extend(may(restart).then_some(Op::Restart));
        ops.extend((may(edit) && self.setting.edits.len() > 1).then_some(Op::Edit));
        ops.extend(may(outside).then_some(Op::Outside));
        ops
    }

    fn pay(&mut self, of: impl Fn(&mut Budget) -> &mut u8) {
        let left = of(&mut self.budget);
        *left = left.saturating_sub(1);
        self.budget.all = self.budget.all.saturating_sub(1);
    }

    /// Lets it happen, and checks what must be true afterwards.
    pub(super) fn apply(&mut self, op: Op) -> Checked {
        match op {
            Op::Take { isolate, list } => self.take(isolate, list)?,
            Op::Deliver(index) => {
                let message = self.wire.remove(index);
                self.deliver(message, true)?;
            }
            Op::Double(index) => {
                self.pay(|budget| &mut budget.double);
                let message = self.wire[index].clone();
                self.deliver(message, false)?;
            }
            Op::Lose(index) => {
                self.pay(|budget| &mut budget.lose);
                self.wire.remove(index);
            }
            Op::Crash(index) => {
                self.pay(|budget| &mut budget.restart);
                let now = Millis(self.now);
                match self.wire.remove(index) {
                    Message::Ask { question, .. } => {
                        self.ledger.reserve(now, &question.ask);
                    }
                    Message::Back(returns) => {
                        self.ledger.give_back(now, &returns);
                    }
                    Message::Settle(settle) => {
                        self.ledger.settle(now, &settle);
                    }
                    Message::Answer { .. } => {}
                }
                self.restart();
            }
            Op::Unsent { isolate, unit } => {
                self.pay(|budget| &mut budget.unsent);
                self.settle(isolate, unit, false, Verdict::Neutral);
            }
            Op::Fail { isolate, unit } => {
                self.pay(|budget| &mut budget.fail);
                self.fail(isolate, unit);
            }
            Op::Succeed { isolate, unit } => {
                self.pay(|budget| &mut budget.succeed);
                self.settle(isolate, unit, true, Verdict::Good);
            }
            Op::GiveBack { isolate } => {
                let now = self.clock(isolate);
                let kept = self.isolates[isolate].holder.clone();
                let returns = self.isolates[isolate].holder.unused(now, PROVIDER);
                if self.setting.fault == Some(Fault::ReturnedIsKept) {
                    self.isolates[isolate].holder = kept;
                }
                self.truth.let_go(&returns)?;
                self.wire.extend((!returns.is_empty()).then_some(Message::Back(returns)));
            }
            Op::Pass(ms) => self.now += ms,
            Op::Freeze { isolate } => {
                self.pay(|budget| &mut budget.freeze);
                self.isolates[isolate].frozen = Some(self.now);
            }
            Op::Thaw { isolate } => self.isolates[isolate].frozen = None,
            Op::Restart => {
                self.pay(|budget| &mut budget.restart);
                self.restart();
            }
            Op::Die { isolate } => {
                self.pay(|budget| &mut budget.die);
                let life = self.isolates[isolate].life + 1;
                self.isolates[isolate] = Isolate { life, ..Isolate::default() };
            }
            Op::Edit => {
                self.pay(|budget| &mut budget.edit);
                self.edit = (self.edit + 1) % self.setting.edits.len();
            }
            Op::Outside => {
                self.pay(|budget| &mut budget.outside);
                self.outside()?;
            }
        }
        self.check()
    }

    fn check(&self) -> Checked {
        if self.setting.fault == Some(Fault::NotHandedOn) {
            return Ok(()); // what comes of it must be seen
        }
        let usage = self.ledger.usage(Millis(self.now));
        let counters = usage.map(|(key, used, span)| ((key.to_owned(), span.start.0), used)).collect();
        self.truth.check(&counters)
    }

    /// What the object knows and has written.
    pub(super) fn object(&self) -> impl std::fmt::Debug {
        (&self.ledger, &self.rows, self.lives, self.edit)
    }
}
