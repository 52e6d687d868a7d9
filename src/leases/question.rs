//! How an attempt comes by its reservation, and what is asked for it.

use crate::{
    ledger::message::{Grant, Reserve},
    time::Millis,
};

/// What to do about an attempt.
#[derive(Clone, Debug)]
pub enum Take {
    /// It is reserved. `ahead` is to be asked meanwhile.
    Unit { grant: Box<Grant>, ahead: Option<Question> },
    /// Ask the object, and tell [`Holder::heard`](super::Holder::heard).
    Ask(Question),
    /// Somebody's question is under way; take again when it has been [heard](super::Holder::heard), after
    /// [`WAIT_MS`](super::WAIT_MS) at the latest.
    Wait(Shelved),
}

/// Which list of candidates: those who wait for the same one wake together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shelved(pub(super) u64);

/// A question to a provider's object.
#[derive(Clone, Debug)]
pub struct Question {
    pub provider: String,
    pub ask: Reserve,
    pub shelf: Shelved,
    pub(super) number: u64,
    pub(super) asked: Millis,
}

impl Question {
    /// Whether others may wait for the answer, which then wakes them.
    pub fn is_shared(&self) -> bool {
        self.ask.lease.is_some()
    }

    /// Whether the answer took so long that the attempt might arrive in a window of a bucket that did not count it. It
    /// is to be settled as not sent, and asked again. `now` is read when the answer is there, which moves the clock.
    pub fn is_late(&self, now: Millis, grant: &Grant) -> bool {
        grant.ends_ms.is_some_and(|ms| now < self.asked || self.asked.after(ms) <= now)
    }
}

/// Whether an attempt has waited for somebody's question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    No,
    Waited,
    /// It has, and will not once more.
    Insists,
}
