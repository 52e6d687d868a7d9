//! One provider's object, the isolates that hold leases of it, and everything between them. The ledger, its rows and the
//! holders are the real ones.

use std::{collections::BTreeMap, rc::Rc};

use llm_router::{
    config::Leases,
    leases::{Again, Holder, Question, Take},
    ledger::{
        Ledger, MARGIN_MS,
        message::{
            Candidate, Cap, Charge, CircuitPolicy, Failure, FailureClass, Reserve, Reserved, Return, Settle,
            Target, Ticket, Verdict,
        },
        rows::Rows,
    },
    time::Millis,
};

use super::{
    faults::Fault,
    truth::{Asked, Checked, Truth},
};

const PROVIDER: &str = "p";

/// Handed-out units that may still be settled; older ones stay spent.
const OPEN_MAX: usize = 2;

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
    edit: usize,
    ledger: Ledger,
    rows: Rows,
    lives: u64,
    questions: u64,
    pub(super) isolates: Vec<Isolate>,
    pub(super) wire: Vec<Message>,
    pub(super) truth: Truth,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Isolate {
    pub(super) holder: Holder,
    /// Which of those that were here one after another.
    life: u64,
    frozen: Option<u64>,
    /// Attempts that have a reservation, and whether they were settled as sent.
    pub(super) open: Vec<(Ticket, Option<bool>)>,
    /// The last question before a target failed.
    failed: BTreeMap<Target, u64>,
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

    fn list(&self, list: usize) -> Vec<Candidate> {
        let (times, by) = self.setting.edits[self.edit];
        let mut list = self.setting.lists[list].clone();
        for cap in list.iter_mut().flat_map(|candidate| &mut candidate.buckets) {
            cap.limit = cap.limit * times / by;
        }
        list
    }

    /// An isolate's clock: behind the true one while it stands still, by the margin at most.
    fn clock(&self, isolate: usize) -> Millis {
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
            for (unit, (ticket, settled)) in one.open.iter().enumerate() {
                // A holder must not mind what comes twice; to a reservation of its own nobody says first this, then that.
                let again = ticket.id.contains('.') || *settled == Some(false);
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
                match self.wire.remove(index) {
                    Message::Ask { question, .. } => {
                        drop(self.ledger.reserve(Millis(self.now), &question.ask))
                    }
                    Message::Back(returns) => drop(self.ledger.give_back(Millis(self.now), &returns)),
                    Message::Settle(settle) => drop(self.ledger.settle(Millis(self.now), &settle)),
                    Message::Answer { .. } => {}
                }
                self.restart();
            }
            Op::Unsent { isolate, unit } => {
                self.pay(|budget| &mut budget.unsent);
                self.settle(isolate, unit, false, Verdict::Neutral)?;
            }
            Op::Fail { isolate, unit } => {
                self.pay(|budget| &mut budget.fail);
                self.fail(isolate, unit)?;
            }
            Op::Succeed { isolate, unit } => {
                self.pay(|budget| &mut budget.succeed);
                self.settle(isolate, unit, true, Verdict::Good)?;
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
                self.outside();
            }
        }
        self.check()
    }

    fn take(&mut self, isolate: usize, list: usize) -> Checked {
        let ask = Reserve::one(self.list(list));
        let (now, terms) = (self.clock(isolate), self.setting.terms);
        let holder = &mut self.isolates[isolate].holder;
        let mut taken = holder.take(now, PROVIDER, &ask, terms, Again::No);
        if matches!(taken, Take::Wait(_)) {
            taken = holder.take(now, PROVIDER, &ask, terms, Again::Insists);
        }
        match taken {
            Take::Unit { grant, ahead } => {
                self.hand_out(isolate, grant.ticket, false)?;
                ahead.map_or(Ok(()), |question| self.ask(isolate, question))
            }
            Take::Ask(question) => self.ask(isolate, question),
            Take::Wait(_) => Err("waits although it insists".to_owned()),
        }
    }

    fn ask(&mut self, isolate: usize, question: Question) -> Checked {
        self.questions += 1;
        self.truth.let_go(&question.ask.returns)?;
        let asked = Asked { at: self.now, number: self.questions };
        let from = (isolate, self.isolates[isolate].life);
        self.wire.push(Message::Ask { from, question: Box::new(question), asked });
        Ok(())
    }

    fn hand_out(&mut self, isolate: usize, ticket: Ticket, waited: bool) -> Checked {
        let one = &mut self.isolates[isolate];
        self.truth.handed(self.now, &ticket, waited, one.failed.get(&ticket.target).copied())?;
        if one.open.len() >= OPEN_MAX {
            one.open.remove(0);
        }
        one.open.push((ticket, None));
        Ok(())
    }

    fn fail(&mut self, isolate: usize, unit: usize) -> Checked {
        let circuit = Some(CircuitPolicy { failures: 2, cooldown_ms: 2_000 });
        let class = FailureClass::TemporaryError;
        let target = self.isolates[isolate].open[unit].0.target.clone();
        self.settle(
            isolate,
            unit,
            true,
            Verdict::Bad(Failure { class, cooldown_ms: 0, circuit, good_ms_ago: None }),
        )?;
        self.isolates[isolate].failed.insert(target, self.questions);
        Ok(())
    }

    fn settle(&mut self, isolate: usize, unit: usize, sent: bool, verdict: Verdict) -> Checked {
        let now = self.clock(isolate);
        let one = &mut self.isolates[isolate];
        let (ticket, settled) = one.open[unit].clone();
        one.open[unit].1 = settled.or(Some(sent));
        let ours = Settle { ticket: ticket.clone(), sent, verdict };
        if !sent && settled.is_none() {
            self.truth.unsent(&ticket);
        }
        let told = match self.setting.fault {
            // As if a put-back knew nothing of units, or the object was told of it too.
            Some(Fault::SentIsPutBack) if sent => {
                one.holder.settle(now, PROVIDER, Settle { sent: false, ..ours })
            }
            Some(Fault::PutBackIsRefunded) if !sent => {
                one.holder.settle(now, PROVIDER, ours.clone());
                let charges = self.charges(&ticket);
                Some(Settle { ticket: Ticket { charges, ..ticket }, ..ours })
            }
            _ => one.holder.settle(now, PROVIDER, ours),
        };
        self.wire.extend(told.map(Message::Settle));
        Ok(())
    }

    /// What a unit counts now.
    fn charges(&self, ticket: &Ticket) -> Vec<Charge> {
        if !ticket.charges.is_empty() {
            return ticket.charges.clone();
        }
        let open = self.ledger.usage(Millis(self.now));
        open.map(|(counter, _, span)| Charge { counter: counter.to_owned(), start: span.start.0, amount: 1 })
            .collect()
    }

    /// `heard`: whether the answer reaches anybody.
    fn deliver(&mut self, message: Message, heard: bool) -> Checked {
        match message {
            Message::Ask { from, question, asked } => {
                let mut ask = question.ask.clone();
                self.spoil(&mut ask.returns);
                let reserved = self.ledger.reserve(Millis(self.now), &ask);
                self.write(matches!(reserved, Reserved::Grant(_)));
                self.truth.returned(self.now, &question.ask.returns)?;
                if let Reserved::Grant(grant) = &reserved {
                    self.truth.granted(self.now, asked, &question.ask.candidates[grant.candidate], grant)?;
                    if ask.is_ahead() && grant.lease.is_none() {
                        return Err("granted ahead what is no lease".to_owned());
                    }
                }
                let reserved = Box::new(reserved);
                if heard {
                    self.wire.push(Message::Answer { to: from, question, asked, reserved });
                }
                Ok(())
            }
            Message::Answer { to: (isolate, life), question, asked, reserved } => {
                if self.isolates[isolate].life != life {
                    return Ok(());
                }
                self.answer(isolate, &question, asked, *reserved)
            }
            Message::Back(returns) => {
                let mut told = returns.clone();
                self.spoil(&mut told);
                self.ledger.give_back(Millis(self.now), &told);
                self.write(false);
                self.truth.returned(self.now, &returns)
            }
            Message::Settle(settle) => {
                self.ledger.settle(Millis(self.now), &settle);
                self.write(false);
                if settle.sent { Ok(()) } else { self.truth.unsent_heard(self.now, &settle.ticket) }
            }
        }
    }

    fn answer(
        &mut self,
        isolate: usize,
        question: &Question,
        asked: Asked,
        mut reserved: Reserved,
    ) -> Checked {
        let late = self.now - asked.at;
        if let Reserved::Grant(grant) = &mut reserved
            && let Some(lease) = &mut grant.lease
        {
            match self.setting.fault {
                Some(Fault::ValidFromTheAnswer) => lease.valid_ms += late,
                Some(Fault::NoMargin) => lease.valid_ms += MARGIN_MS,
                Some(Fault::OneTooMany) => lease.units += 1,
                _ => {}
            }
        }
        if self.setting.fault == Some(Fault::AnsweredTwice) {
            let other = (isolate + 1) % self.isolates.len();
            self.isolates[other].holder.heard(question, Some(reserved.clone()));
        }
        match self.isolates[isolate].holder.heard(question, Some(reserved)) {
            Some(Reserved::Grant(_)) if question.ask.is_ahead() => Err("granted to nobody".to_owned()),
            Some(Reserved::Grant(grant)) => self.hand_out(isolate, grant.ticket, true),
            _ => Ok(()),
        }
    }

    /// What a fault makes of returns before the object reads them.
    fn spoil(&mut self, returns: &mut [Return]) {
        let now = Millis(self.now);
        match self.setting.fault {
            Some(Fault::ReturnedIntoTheNextWindow) => {
                let starts: BTreeMap<String, u64> =
                    self.ledger.usage(now).map(|(key, _, span)| (key.to_owned(), span.start.0)).collect();
                for charge in returns.iter_mut().flat_map(|back| &mut back.charges) {
                    charge.start = starts.get(&charge.counter).copied().unwrap_or(charge.start);
                }
            }
            Some(Fault::ReturnsWhatIsOut) => returns.iter_mut().for_each(|back| back.units += 1),
            Some(Fault::ReturnedTwice) => {
                for back in returns.iter() {
                    let at = self.now;
                    let charges = back.charges.clone();
                    let id = format!("{}-again-{}", back.id, self.rows.settled.len());
                    let ticket = Ticket { id, at, target: Target(String::new()), charges };
                    self.ledger.settle(now, &Settle { ticket, sent: false, verdict: Verdict::Neutral });
                }
            }
            _ => {}
        }
    }

    fn write(&mut self, grant: bool) {
        let changes = self.ledger.take_changes();
        let writes = self.ledger.encode(&changes).unwrap();
        if grant && self.setting.fault == Some(Fault::AnswersBeforeItWrites) {
            return;
        }
        self.rows.apply(&writes);
    }

    fn restart(&mut self) {
        self.lives += 1;
        self.ledger = Ledger::load(&self.rows, self.lives).unwrap();
    }

    fn outside(&mut self) {
        let candidate = self.list(0).remove(0);
        let used: BTreeMap<&str, u64> =
            self.ledger.usage(Millis(self.now)).map(|(key, used, _)| (key, used)).collect();
        let left = |cap: &Cap| {
            let key = format!("{}|{}", cap.id, cap.window());
            cap.limit.saturating_sub(used.get(key.as_str()).copied().unwrap_or_default())
        };
        let amount = candidate.buckets.iter().map(left).min().unwrap_or_default().saturating_sub(1);
        if amount == 0 {
            return;
        }
        let ask = Reserve { amount, ..Reserve::one(vec![candidate.clone()]) };
        if let Reserved::Grant(grant) = self.ledger.reserve(Millis(self.now), &ask) {
            self.write(true);
            self.truth.spent_outside(&candidate, &grant.ticket);
        }
    }

    fn check(&self) -> Checked {
        let usage = self.ledger.usage(Millis(self.now));
        let counters = usage.map(|(key, used, span)| ((key.to_owned(), span.start.0), used)).collect();
        self.truth.check(&counters)
    }

    /// What the object knows and has written.
    pub(super) fn object(&self) -> impl std::fmt::Debug {
        (&self.ledger, &self.rows, self.lives, self.edit)
    }
}
