//! Where an isolate's requests get their reservations: the real holder, driven as the Worker drives it.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use llm_router::{
    config::Leases,
    leases::{Again, Holder, Question, Shelved, Take, WAIT_MS},
    ledger::message::{Grant, Reserve, Reserved, Settle, Target, Verdict},
    ports::Unavailable,
    time::Millis,
};

use super::{
    errand::{Errand, Stage},
    faults::Fault,
    script::{Call, Mail},
    shape::Leaf,
    trip::{Asker, Decided, Trip},
    world::{Letter, World},
};
use crate::leases::truth;

/// As in the Worker.
const ROUNDS: u32 = 3;
const LATE_MAX: u32 = 4;

#[derive(Default)]
pub(super) struct Desk {
    pub(super) holder: RefCell<Holder>,
    waiting: RefCell<Vec<(Shelved, Rc<Cell<Stage>>)>>,
    /// The last question before a target failed.
    failed: RefCell<BTreeMap<(usize, Target), u64>>,
    /// When a target last succeeded, by the isolate's clock.
    good: RefCell<BTreeMap<(usize, Target), u64>>,
}

/// What a request has from its desk.
pub(super) struct Got {
    pub(super) decided: Decided,
    /// It was not on lease.
    pub(super) waited: bool,
}

fn name(provider: usize) -> String {
    format!("p{provider}")
}

impl Desk {
    pub(super) fn wake(&self, shelf: Shelved) {
        self.waiting.borrow_mut().retain(|(waits_for, stage)| {
            if *waits_for == shelf {
                stage.set(Stage::Going);
            }
            *waits_for != shelf
        });
    }

    /// Gives back whatever is not spent and due.
    pub(super) fn give_back(&self, world: &World, skew_ms: u64, provider: usize, fate: Mail) {
        let now = Millis(world.clock.get() + skew_ms);
        if self.holder.borrow().next_return(&name(provider)).is_none_or(|at| at > now) {
            return;
        }
        let kept = (world.fault == Some(Fault::ReturnedAndKept)).then(|| self.holder.borrow().clone());
        let returns = self.holder.borrow_mut().unused(now, &name(provider));
        kept.map(|kept| self.holder.replace(kept));
        if returns.is_empty() {
            return;
        }
        world.count("returns");
        world.let_go(provider, &returns);
        world.post(provider, &Letter::Back(returns), fate);
    }
}

impl Errand {
    /// As the Worker's counter does it.
    pub(super) async fn get(
        &self,
        provider: usize,
        ask: &Reserve,
        leaves: &[Leaf],
        terms: Leases,
    ) -> Result<Got, Unavailable> {
        let (mut again, mut rounds, mut late) = (Again::No, 0, 0);
        loop {
            match self.take(provider, ask, terms, again) {
                Take::Unit { grant, ahead } => {
                    if let Some(question) = ahead {
                        let trip = self.trip(question, leaves, terms);
                        self.world.trips.borrow_mut().push(trip);
                    }
                    return Ok(self.unit(*grant));
                }
                Take::Ask(question) => {
                    let decided = self.ask_object(question.clone(), leaves, terms).await;
                    match decided.reply {
                        Err(Unavailable) => return Err(Unavailable),
                        Ok(Reserved::Grant(grant)) if self.is_late(&question, &grant) => {
                            self.world.count("answers that were late");
                            self.tell(provider, &grant, false, Verdict::Neutral);
                            if again == Again::No {
                                again = Again::Waited;
                            }
                            late += 1;
                            if late >= LATE_MAX {
                                return Err(Unavailable);
                            }
                        }
                        Ok(Reserved::Denial(_)) => {
                            let spare = self.spare(&question).await;
                            return Ok(spare.unwrap_or(Got { decided, waited: true }));
                        }
                        Ok(Reserved::Grant(_)) => return Ok(Got { decided, waited: true }),
                    }
                }
                Take::Wait(shelf) => {
                    self.wait_for(shelf).await;
                    rounds += 1;
                    again = if rounds < ROUNDS { Again::Waited } else { Again::Insists };
                }
            }
        }
    }

    fn take(&self, provider: usize, ask: &Reserve, terms: Leases, again: Again) -> Take {
        let mut holder = self.desk.holder.borrow_mut();
        let kept = (self.world.fault == Some(Fault::HandedOutTwice)).then(|| holder.clone());
        let taken = holder.take(Millis(self.local()), &name(provider), ask, terms, again);
        if let (Some(kept), Take::Unit { ahead: None, .. }) = (kept, &taken) {
            *holder = kept;
        }
        taken
    }

    fn unit(&self, grant: Grant) -> Got {
        self.world.count("units");
        let reply = Ok(Reserved::Grant(grant));
        Got { decided: Decided { reply, at: self.clock(), changes: 0 }, waited: false }
    }

    fn is_late(&self, question: &Question, grant: &Grant) -> bool {
        question.is_late(Millis(self.local()), grant) && self.world.fault != Some(Fault::LateIsSent)
    }

    async fn spare(&self, question: &Question) -> Option<Got> {
        let mut rounds = 0;
        loop {
            let taken = self.desk.holder.borrow_mut().retake(Millis(self.local()), question);
            match taken? {
                Take::Unit { grant, .. } => {
                    self.world.count("units to spare");
                    return Some(self.unit(*grant));
                }
                Take::Wait(shelf) if rounds < ROUNDS => self.wait_for(shelf).await,
                Take::Wait(_) | Take::Ask(_) => return None,
            }
            rounds += 1;
        }
    }

    async fn wait_for(&self, shelf: Shelved) {
        self.world.count("waits for somebody's question");
        self.desk.waiting.borrow_mut().push((shelf, Rc::clone(&self.stage)));
        self.wait(Stage::Held(self.clock() + WAIT_MS)).await;
        // One that was not woken waits for something else next.
        self.desk.waiting.borrow_mut().retain(|(_, stage)| !Rc::ptr_eq(stage, &self.stage));
    }

    /// Asks the object. A question that others may wait for goes on if this request does not.
    async fn ask_object(&self, question: Question, leaves: &[Leaf], terms: Leases) -> Decided {
        let shared = question.is_shared();
        let mut trip = self.trip(question, leaves, terms);
        if !shared {
            self.wait(Stage::Waiting).await;
            trip.decide(&self.world);
            self.wait(Stage::Waiting).await;
            return trip.arrive(&self.world);
        }
        let answer = Rc::new(Cell::new(None));
        trip.asker = Some(Asker { stage: Rc::clone(&self.stage), answer: Rc::clone(&answer) });
        let number = trip.asked.number;
        self.world.trips.borrow_mut().push(trip);
        self.wait(Stage::Asking(number)).await;
        answer.take().unwrap()
    }

    fn trip(&self, question: Question, leaves: &[Leaf], terms: Leases) -> Trip {
        let world = &self.world;
        let fair = question
            .ask
            .lease
            .is_none_or(|wanted| terms.max > 1 && wanted.units <= terms.max && wanted.ttl_ms == terms.ttl_ms);
        world.check(fair, || format!("{terms:?} and asked for {:?}", question.ask.lease));
        world.let_go(leaves[0].0, &question.ask.returns);
        world.questions.set(world.questions.get() + 1);
        let number = self.story.borrow().questions;
        self.story.borrow_mut().questions += 1;
        Trip {
            desk: Rc::clone(&self.desk),
            shape: Rc::clone(&self.shape),
            wire: self.request.wire,
            leaves: leaves.to_vec(),
            question,
            asked: truth::Asked { at: self.clock(), number: world.questions.get() },
            fate: self.request.calls.get(number).copied().unwrap_or(Call::Well),
            decided: None,
            asker: None,
        }
    }

    /// Whether it may be sent, now that it is about to.
    pub(super) fn hand_out(&self, provider: usize, grant: &Grant, waited: bool) {
        let ticket = &grant.ticket;
        let failed = self.desk.failed.borrow().get(&(provider, ticket.target.clone())).copied();
        let mut objects = self.world.objects.borrow_mut();
        let handed = objects[provider].truth.handed(self.clock(), ticket, waited, failed);
        self.world.hold(handed);
    }

    /// Tells the holder how an attempt went, and the object what it has to hear.
    pub(super) fn tell(&self, provider: usize, grant: &Grant, sent: bool, verdict: Verdict) {
        let (world, desk, target) = (&self.world, &self.desk, &grant.ticket.target);
        let local = self.local();
        let mut expected = verdict.clone();
        let key = (provider, target.clone());
        let bad = if let Verdict::Bad(failure) = &mut expected {
            desk.failed.borrow_mut().insert(key.clone(), world.questions.get());
            let good = desk.good.borrow_mut().remove(&key).filter(|_| !grant.probe);
            failure.good_ms_ago = good.map(|at| local - at);
            true
        } else {
            if sent {
                desk.good.borrow_mut().insert(key, local);
            }
            false
        };
        let kept = (world.fault == Some(Fault::KeptForTheFailed)).then(|| desk.holder.borrow().clone());
        let unit = grant.ticket.id.contains('.');
        let put_back = unit && world.fault == Some(Fault::SentIsPutBack);
        let mut told = desk.holder.borrow_mut().settle(
            Millis(local),
            &name(provider),
            grant,
            sent && !put_back,
            verdict,
        );
        kept.map(|kept| desk.holder.replace(kept));
        if let (Some(Settle { verdict: Verdict::Bad(failure), .. }), Some(Fault::SuccessForgotten)) =
            (&mut told, world.fault)
        {
            failure.good_ms_ago = None;
        }
        let news = bad || !unit && (grant.report || !sent);
        let expected = news.then(|| Settle { ticket: grant.ticket.clone(), sent, verdict: expected });
        // Not by what is told should these be found.
        let planted = matches!(world.fault, Some(Fault::SentIsPutBack | Fault::KeptForTheFailed));
        world.check(told == expected || planted, || format!("told {told:?}, expected {expected:?}"));
        let Some(settle) = told else { return };
        let number = self.story.borrow().settlements;
        self.story.borrow_mut().settlements += 1;
        let fate = self.request.mail.get(number).copied().unwrap_or(Mail::Prompt);
        world.post(provider, &Letter::Settle(settle), fate);
        if bad {
            desk.give_back(world, self.skew_ms, provider, fate);
        }
    }
}
