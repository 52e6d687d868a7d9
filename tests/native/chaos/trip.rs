//! A question's way to its provider's object and back.

use std::{cell::Cell, rc::Rc};

use llm_router::{
    leases::Question,
    ledger::message::{Reserve, Reserved},
    ports::Unavailable,
    wire::Wire,
};

use super::{
    desk::Desk,
    errand::Stage,
    faults::Fault,
    model::Asked,
    script::Call,
    shape::{Leaf, Shape},
    world::World,
};
use crate::leases::truth;

pub(super) struct Trip {
    pub(super) desk: Rc<Desk>,
    pub(super) shape: Rc<Shape>,
    pub(super) wire: Wire,
    pub(super) leaves: Vec<Leaf>,
    pub(super) question: Question,
    pub(super) asked: truth::Asked,
    pub(super) fate: Call,
    pub(super) decided: Option<Decided>,
    /// Who waits for the answer, if somebody does and does not ask itself.
    pub(super) asker: Option<Asker>,
}

pub(super) struct Asker {
    pub(super) stage: Rc<Cell<Stage>>,
    pub(super) answer: Rc<Cell<Option<Decided>>>,
}

/// What became of a question.
pub(super) struct Decided {
    pub(super) reply: Result<Reserved, Unavailable>,
    pub(super) at: u64,
    /// Changes of its object until then.
    pub(super) changes: u64,
}

impl Trip {
    fn provider(&self) -> usize {
        self.leaves[0].0
    }

    /// It arrives at the object.
    pub(super) fn decide(&mut self, world: &World) {
        let provider = self.provider();
        // As it crosses: text in both directions.
        let text = serde_json::to_string(&self.question.ask).unwrap();
        let ask: Reserve = serde_json::from_str(&text).unwrap();
        let asked: Vec<Asked<'_>> =
            self.leaves.iter().map(|leaf| self.shape.asked(*leaf, self.wire)).collect();
        let reply = world.reserve(provider, &ask, &asked, self.asked, self.fate);
        let reply =
            reply.map(|reserved| serde_json::from_str(&serde_json::to_string(&reserved).unwrap()).unwrap());
        let changes = world.objects.borrow()[provider].changes;
        self.decided = Some(Decided { reply, at: world.clock.get(), changes });
    }

    /// The answer arrives at the isolate. What is left to who asked.
    pub(super) fn arrive(self, world: &World) -> Decided {
        let Self { desk, question, decided, .. } = self;
        let Decided { reply, at, changes } = decided.unwrap();
        let mut reply = reply.ok();
        if let Some(Reserved::Grant(grant)) = &mut reply
            && let Some(lease) = &mut grant.lease
        {
            world.count("leases");
            match world.fault {
                Some(Fault::OneTooMany) => lease.units += 1,
                Some(Fault::KeptForLong) => lease.valid_ms += 3_600_000,
                _ => {}
            }
        }
        if world.fault == Some(Fault::AnsweredTwice) {
            for isolate in &*world.isolates.borrow() {
                if !Rc::ptr_eq(&isolate.desk, &desk) {
                    isolate.desk.holder.borrow_mut().heard(&question, reply.clone());
                }
            }
        }
        let own = desk.holder.borrow_mut().heard(&question, reply);
        if question.is_shared() {
            desk.wake(question.shelf);
        }
        let nobodys = question.ask.is_ahead() && matches!(own, Some(Reserved::Grant(_)));
        world.check(!nobodys, || format!("granted to nobody: {own:?}"));
        Decided { reply: own.ok_or(Unavailable), at, changes }
    }
}
