//! The provider's object: the real ledger on one thread, with group commit and a disk.
//!
//! Calibrated on `workerd` on two shared cores: 7,900 calls/s without a write, 1,670 with a write a call. Group
//! commit then makes 5,000 with seven calls a write; measured were 5,140.

use std::collections::HashMap;

use llm_router::{
    ledger::{
        Ledger,
        message::{Reserve, Reserved, Return, Settle, Verdict},
        pace::Pace,
        rows::{Rows, Unreadable},
    },
    time::Millis,
};

use crate::tally::Tally;

/// One call: 1 s / 7,900.
const CALL_US: u64 = 127;

/// One commit: 1 s / 1,670, less the call.
const COMMIT_US: u64 = 472;

/// Writing a KB of the row, and encoding it. Assumed.
const COMMIT_KB_US: u64 = 10;

/// Until followers have the write and the reply is let go, as others measured on Cloudflare: 10 to 13 ms.
const GATE_US: u64 = 11_000;

/// An alarm is set this long ahead at least, as in the Worker.
const ALARM_US: u64 = 60_000_000;

/// Calls that wait; more are refused as overload.
const QUEUE_MAX: usize = 10_000;

pub(crate) enum Call {
    Reserve(Box<Reserve>),
    Settle(Box<Settle>),
    GiveBack(Vec<Return>),
}

/// A call, and whom to answer.
pub(crate) struct Letter {
    pub(crate) call: Call,
    /// `None`: nobody listens.
    pub(crate) answer_to: Option<u64>,
}

/// An answer that leaves at some time, µs.
pub(crate) struct Answer {
    pub(crate) leaves_us: u64,
    pub(crate) to: u64,
    pub(crate) decided: Millis,
    pub(crate) reserved: Reserved,
}

pub(crate) struct Object {
    ledger: Ledger,
    rows: Rows,
    life: u64,
    start: Millis,
    queue: Vec<Letter>,
    /// A batch is at work, or gathers.
    pub(crate) busy: bool,
    pace: Pace,
    active_until_us: u64,
    alarm_us: Option<u64>,
    row_kb: u64,
    pub(crate) cooling: Cooling,
    /// Leases that are out, to count what comes back.
    out: HashMap<String, u64>,
}

/// When the target was last left alone.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cooling {
    pub(crate) from_us: u64,
    pub(crate) until_us: u64,
}

impl Object {
    pub(crate) fn new(start: Millis, rows: Rows) -> Result<Self, Unreadable> {
        let ledger = Ledger::load(&rows, 1)?;
        Ok(Self {
            ledger,
            rows,
            life: 1,
            start,
            queue: Vec::new(),
            busy: false,
            pace: Pace::default(),
            active_until_us: 0,
            alarm_us: None,
            row_kb: 0,
            cooling: Cooling::default(),
            out: HashMap::new(),
        })
    }

    /// Whether there was room.
    pub(crate) fn receive(&mut self, letter: Letter) -> bool {
        let room = self.queue.len() < QUEUE_MAX;
        if room {
            self.queue.push(letter);
        }
        room
    }

    pub(crate) fn is_waited_for(&self) -> bool {
        !self.queue.is_empty()
    }

    /// How long what waits is to wait for others, µs.
    pub(crate) fn pause_us(&self, now_us: u64) -> u64 {
        self.pace.wait(self.millis(now_us), false).unwrap_or_default() * 1_000
    }

    /// A deployment: memory is gone, and with it whoever waits.
    pub(crate) fn restart(&mut self) -> Result<(), Unreadable> {
        self.life += 1;
        self.queue.clear();
        self.ledger = Ledger::load(&self.rows, self.life)?;
        Ok(())
    }

    /// Decides everything that waits, writes once, answers. When the thread is free again.
    pub(crate) fn serve(&mut self, now_us: u64, tally: &mut Tally) -> (u64, Vec<Answer>) {
        self.busy = true;
        let letters = std::mem::take(&mut self.queue);
        let before = tally.calls.all();
        let mut at_us = now_us;
        let mut answers = Vec::new();
        for Letter { call, answer_to } in letters {
            at_us += CALL_US;
            let decided = self.millis(at_us);
            let Some(reserved) = self.decide(at_us, call, tally) else { continue };
            if let Some(to) = answer_to {
                answers.push(Answer { leaves_us: at_us, to, decided, reserved });
            }
        }
        self.wake(at_us, tally);
        let written = self.commit(tally);
        if written {
            at_us += COMMIT_US + self.row_kb * COMMIT_KB_US;
            let mut granted = 0;
            for answer in answers.iter_mut().filter(|answer| matches!(answer.reserved, Reserved::Grant(_))) {
                answer.leaves_us = at_us + GATE_US;
                granted += 1;
            }
            self.pace.wrote(self.millis(at_us), granted);
        }
        let until_us = if written { at_us + GATE_US } else { at_us };
        tally.active_us += until_us.saturating_sub(self.active_until_us.max(now_us));
        self.active_until_us = self.active_until_us.max(until_us);
        tally.busy_us += at_us - now_us;
        tally.peak.note(now_us, tally.calls.all() - before, at_us - now_us);
        let (leases, units) = self.ledger.leased(self.millis(at_us));
        tally.most_leases = tally.most_leases.max(leases);
        tally.most_units = tally.most_units.max(units);
        (at_us, answers)
    }

    fn decide(&mut self, at_us: u64, call: Call, tally: &mut Tally) -> Option<Reserved> {
        let now = self.millis(at_us);
        match call {
            Call::Reserve(ask) => {
                let kind = if ask.is_ahead() { &mut tally.calls.ahead } else { &mut tally.calls.reserve };
                *kind += 1;
                self.note_returns(&ask.returns, tally);
                let reserved = self.ledger.reserve(now, &ask);
                self.note_grant(&reserved, tally);
                Some(reserved)
            }
            Call::Settle(settle) => {
                tally.calls.settle += 1;
                self.note_cooldown(at_us, &settle, tally);
                self.ledger.settle(now, &settle);
                None
            }
            Call::GiveBack(returns) => {
                tally.calls.give_back += 1;
                self.note_returns(&returns, tally);
                self.ledger.give_back(now, &returns);
                None
            }
        }
    }

    /// Forgets what has expired if the alarm has rung, and sets it. Nothing happens between two calls, so that
    /// ringing with a call is ringing in time.
    fn wake(&mut self, at_us: u64, tally: &mut Tally) {
        if self.alarm_us.is_some_and(|alarm| alarm <= at_us) {
            self.alarm_us = None;
            tally.calls.alarm += 1;
            self.ledger.expire(self.millis(at_us));
        }
        let Some(wakeup) = self.ledger.next_wakeup() else { return };
        let wakeup_us = (wakeup.since(self.start) * 1_000).max(at_us + ALARM_US);
        if self.alarm_us.is_none_or(|alarm| wakeup_us < alarm) {
            self.alarm_us = Some(wakeup_us);
            tally.rows += 1;
        }
    }

    fn commit(&mut self, tally: &mut Tally) -> bool {
        let changes = self.ledger.take_changes();
        if changes.is_empty() {
            return false;
        }
        let Ok(writes) = self.ledger.encode(&changes) else { return false };
        if let Some(row) = &writes.ledger {
            tally.row_bytes = tally.row_bytes.max(row.len());
            self.row_kb = row.len() as u64 / 1_024;
        }
        let rows = usize::from(writes.ledger.is_some()) + writes.health.len() + writes.settled.len();
        tally.rows += rows as u64;
        self.rows.apply(&writes);
        true
    }

    fn note_grant(&mut self, reserved: &Reserved, tally: &mut Tally) {
        let Reserved::Grant(grant) = reserved else { return };
        let units = grant.lease.as_ref().map_or(1, |lease| lease.units);
        tally.granted += units;
        if grant.lease.is_some() {
            self.out.insert(grant.ticket.id.clone(), units);
        }
    }

    fn note_returns(&mut self, returns: &[Return], tally: &mut Tally) {
        for back in returns {
            if let Some(units) = self.out.remove(&back.id) {
                tally.returned += units.min(back.units);
            }
        }
    }

    fn note_cooldown(&mut self, at_us: u64, settle: &Settle, tally: &mut Tally) {
        let Verdict::Bad(failure) = &settle.verdict else { return };
        if at_us >= self.cooling.until_us {
            self.cooling.from_us = at_us;
            tally.after_cooldown.push(0);
        }
        self.cooling.until_us = self.cooling.until_us.max(at_us + failure.cooldown_ms * 1_000);
    }

    fn millis(&self, at_us: u64) -> Millis {
        self.start.after(at_us / 1_000)
    }
}
