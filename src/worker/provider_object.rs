//! The Durable Object of one provider: the ledger, its rows, its alarm.
//!
//! A shim. It loads the rows once, asks the ledger, writes what changed and answers. Atomicity: a decision
//! and its write happen in turns without an await between reading and writing the ledger, and an object runs
//! one turn at a time. Durability: the runtime holds a reply back until the writes before it are on disk.
//!
//! *Group commit.* A call that comes alone is decided and written in its own turn. When others are on their
//! way (the front door says so, the last write answered several, or it was this millisecond), decisions gather as
//! [`Pace`] has it, one write covers them all, and then all are answered. Memory may run ahead of the rows in
//! between, never a reply.
//!
//! Whatever goes wrong while writing drops the memory and fails the callers that wait for it: their
//! requests are not sent. The next call reads the rows again.

use std::{
    cell::{Cell, RefCell},
    panic::AssertUnwindSafe,
    rc::Rc,
};

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use worker::{
    DurableObject, Env, Response, Result, SqlStorage, State, console_error, durable_object, wasm_bindgen,
};

use super::{isolate::random, js, ports::now, storage};
use crate::{
    ledger::{
        Ledger,
        message::{Ask, Grant, Reserve, Reserved, Return, Settle},
        pace::Pace,
        rows::Changes,
        standing::Inquiry,
    },
    time::Millis,
};

/// Shortest time between two alarms, in ms: what has expired costs a little memory until then.
const ALARM_EVERY_MS: u64 = 60_000;

const NOT_WRITTEN: &str = "the ledger could not be written";

/// See the module documentation.
#[durable_object(alarm)]
pub struct ProviderLedger {
    object: AssertUnwindSafe<Rc<Object>>,
}

struct Object {
    ctx: JsValue,
    sql: SqlStorage,
    /// `None`: to be read from the rows. Taken out for the time of a decision, so that a panic in the middle
    /// of one leaves nothing half-decided behind.
    ledger: RefCell<Option<Ledger>>,
    batch: RefCell<Batch>,
    pace: Cell<Pace>,
    alarm: Cell<Option<Millis>>,
    stats: Stats,
}

/// Decisions that are not written yet, and who waits for them.
#[derive(Default)]
struct Batch {
    changes: Changes,
    waiting: Vec<Waiting>,
    scheduled: bool,
}

/// A caller that is told `reply` once the batch is written. Dropped untold, even by a panic, it is refused.
struct Waiting {
    reply: String,
    resolve: Function,
    reject: Option<Function>,
}

impl Waiting {
    fn answer(mut self) {
        self.reject = None;
        // Resolving a promise does not throw.
        let _ = self.resolve.call1(&JsValue::UNDEFINED, &self.reply.as_str().into());
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(reject) = self.reject.take() {
            let _ = reject.call1(&JsValue::UNDEFINED, &NOT_WRITTEN.into());
        }
    }
}

/// Since the object was loaded.
#[derive(Default)]
struct Stats {
    grants: Cell<u64>,
    /// Reservations in these grants.
    units: Cell<u64>,
    denials: Cell<u64>,
    rows_written: Cell<u64>,
}

impl Stats {
    fn count(&self, reserved: &Reserved) {
        let add = |counter: &Cell<u64>, amount| counter.set(counter.get().saturating_add(amount));
        match reserved {
            Reserved::Grant(Grant { lease, .. }) => {
                add(&self.grants, 1);
                add(&self.units, lease.as_ref().map_or(1, |lease| lease.units));
            }
            Reserved::Denial(_) => add(&self.denials, 1),
        }
    }
}

impl DurableObject for ProviderLedger {
    fn new(state: State, _env: Env) -> Self {
        let sql = state.storage().sql();
        let object = Object {
            ctx: state.as_raw().into(),
            sql,
            ledger: RefCell::new(None),
            batch: RefCell::default(),
            pace: Cell::default(),
            alarm: Cell::new(None),
            stats: Stats::default(),
        };
        Self { object: AssertUnwindSafe(Rc::new(object)) }
    }

    async fn fetch(&self, _request: worker::Request) -> Result<Response> {
        Response::error("not found", 404)
    }

    async fn alarm(&self) -> Result<Response> {
        self.object.expire().map_err(worker::Error::from)?;
        Response::empty()
    }
}

#[wasm_bindgen]
impl ProviderLedger {
    /// Decides about a [`Reserve`]; a `Reserved`, or a promise of one. Both as JSON text.
    pub fn reserve(&self, ask: &str) -> std::result::Result<JsValue, JsValue> {
        #[cfg(feature = "fault-injection")]
        if ask == super::fault::OBJECT_PANIC {
            super::fault::blow();
        }
        let ask: Ask<Reserve> = serde_json::from_str(ask).map_err(|error| js_error(&error))?;
        Object::reserve(&self.object, &ask)
    }

    /// Takes note of a [`Settle`].
    pub fn settle(&self, report: &str) -> std::result::Result<(), JsValue> {
        let report: Settle = serde_json::from_str(report).map_err(|error| js_error(&error))?;
        self.object.settle(&report)
    }

    /// Takes unused units of leases back: a list of `Return`.
    pub fn give_back(&self, returns: &str) -> std::result::Result<(), JsValue> {
        let returns: Vec<Return> = serde_json::from_str(returns).map_err(|error| js_error(&error))?;
        self.object.give_back(&returns)
    }

    /// Tells how things stand: a `Standing` for an [`Inquiry`], both as JSON text. Writes nothing and sets no
    /// alarm.
    pub fn standing(&self, inquiry: &str) -> std::result::Result<String, JsValue> {
        let inquiry: Inquiry = serde_json::from_str(inquiry).map_err(|error| js_error(&error))?;
        self.object.standing(&inquiry)
    }

    /// Usage and statistics as JSON, for people and tests.
    pub fn inspect(&self) -> std::result::Result<String, JsValue> {
        self.object.inspect()
    }
}

impl Object {
    fn reserve(self: &Rc<Self>, ask: &Ask<Reserve>) -> std::result::Result<JsValue, JsValue> {
        let now = now();
        let mut ledger = self.take_ledger()?;
        let reserved = ledger.reserve(now, &ask.reserve);
        let changes = ledger.take_changes();
        self.put_ledger(ledger, now);
        self.stats.count(&reserved);
        let reply = serde_json::to_string(&reserved).map_err(|error| js_error(&error))?;
        if changes.is_empty() {
            return Ok(reply.into());
        }
        if let Some(ms) = self.pace.get().wait(now, ask.company) {
            return Ok(self.gather(changes, reply, ms).into());
        }
        self.batch.borrow_mut().changes.merge(changes);
        self.flush();
        self.written().map(|()| reply.into())
    }

    fn settle(&self, report: &Settle) -> std::result::Result<(), JsValue> {
        let now = now();
        let mut ledger = self.take_ledger()?;
        ledger.settle(now, report);
        self.commit(ledger, now)
    }

    fn give_back(&self, returns: &[Return]) -> std::result::Result<(), JsValue> {
        let now = now();
        let mut ledger = self.take_ledger()?;
        ledger.give_back(now, returns);
        self.commit(ledger, now)
    }

    fn expire(&self) -> std::result::Result<(), JsValue> {
        let now = now();
        self.alarm.set(None);
        let mut ledger = self.take_ledger()?;
        ledger.expire(now);
        self.commit(ledger, now)
    }

    /// Writes at once what a ledger has changed, and whatever was gathered before it.
    fn commit(&self, mut ledger: Ledger, now: Millis) -> std::result::Result<(), JsValue> {
        let changes = ledger.take_changes();
        self.put_ledger(ledger, now);
        if changes.is_empty() {
            return Ok(());
        }
        self.batch.borrow_mut().changes.merge(changes);
        self.flush();
        self.written()
    }

    /// A flush that failed has dropped the ledger.
    fn written(&self) -> std::result::Result<(), JsValue> {
        if self.ledger.borrow().is_some() { Ok(()) } else { Err(NOT_WRITTEN.into()) }
    }

    /// Promises `reply` for when its changes are written, after `ms` unless it is sooner.
    fn gather(self: &Rc<Self>, changes: Changes, reply: String, ms: u64) -> Promise {
        let (promise, resolve, reject) = deferred();
        let mut batch = self.batch.borrow_mut();
        batch.changes.merge(changes);
        batch.waiting.push(Waiting { reply, resolve, reject: Some(reject) });
        if !batch.scheduled {
            batch.scheduled = true;
            // A panic inside leaves `ledger` empty, and so everything to be read again.
            let object = AssertUnwindSafe(Rc::clone(self));
            let flush = Closure::once_into_js(move || {
                let object = object;
                object.flush();
            });
            js::later(&flush, js::number(ms));
        }
        promise
    }

    /// Writes everything that is pending and answers everyone who waits for it.
    fn flush(&self) {
        let Batch { changes, waiting, .. } = self.batch.take();
        if changes.is_empty() && waiting.is_empty() {
            return; // written meanwhile, with a settlement
        }
        let mut pace = self.pace.get();
        pace.wrote(now(), waiting.len());
        self.pace.set(pace);
        let written = self.write(&changes);
        match written {
            Ok(rows) => {
                let total = &self.stats.rows_written;
                total.set(total.get().saturating_add(u64::try_from(rows).unwrap_or(u64::MAX)));
                waiting.into_iter().for_each(Waiting::answer);
            }
            Err(error) => {
                console_error!("ledger: {error}");
                self.ledger.take();
                drop(waiting);
            }
        }
    }

    fn write(&self, changes: &Changes) -> Result<usize> {
        let ledger = self.ledger.borrow();
        let ledger = ledger.as_ref().ok_or("no ledger in memory")?;
        storage::write(&self.sql, &ledger.encode(changes)?)
    }

    /// The ledger, for one decision; [`Object::put_ledger`] puts it back.
    fn take_ledger(&self) -> std::result::Result<Ledger, JsValue> {
        if let Some(ledger) = self.ledger.take() {
            return Ok(ledger);
        }
        // Whoever waits for decisions of a ledger that is gone must not be let through.
        drop(self.batch.take());
        storage::migrate(&self.sql).map_err(|error| js_error(&error))?;
        let rows = storage::load(&self.sql).map_err(|error| js_error(&error))?;
        Ledger::load(&rows, random()).map_err(|error| js_error(&error))
    }

    fn put_ledger(&self, ledger: Ledger, now: Millis) {
        self.arm(ledger.next_wakeup(), now);
        self.ledger.replace(Some(ledger));
    }

    /// Sets the alarm unless one that is early enough is set.
    fn arm(&self, wakeup: Option<Millis>, now: Millis) {
        let Some(wakeup) = wakeup else { return };
        let at = wakeup.max(now.after(ALARM_EVERY_MS));
        if self.alarm.get().is_none_or(|set| at < set) {
            self.alarm.set(Some(at));
            js::set_alarm(&self.ctx, js::number(at.0));
        }
    }

    fn standing(&self, inquiry: &Inquiry) -> std::result::Result<String, JsValue> {
        let in_memory = self.ledger.borrow().is_some();
        // An object that was never used has no tables, and reading is no reason to make them.
        let used = in_memory || storage::is_used(&self.sql).map_err(|error| js_error(&error))?;
        let ledger = if used { self.take_ledger()? } else { Ledger::default() };
        let standing = ledger.standing(now(), inquiry);
        if used {
            self.ledger.replace(Some(ledger));
        }
        serde_json::to_string(&standing).map_err(|error| js_error(&error))
    }

    fn inspect(&self) -> std::result::Result<String, JsValue> {
        let now = now();
        let ledger = self.take_ledger()?;
        let usage: Vec<_> = ledger
            .usage(now)
            .map(|(counter, used, span)| serde_json::json!({ "counter": counter, "used": used, "start": span.start, "end": span.end }))
            .collect();
        let (leases, leased) = ledger.leased(now);
        self.ledger.replace(Some(ledger));
        let Stats { grants, units, denials, rows_written } = &self.stats;
        let document = serde_json::json!({
            "usage": usage, "grants": grants.get(), "reservations": units.get(), "denials": denials.get(),
            "rowsWritten": rows_written.get(), "leases": leases, "leased": leased,
        });
        Ok(document.to_string())
    }
}

/// A promise and what fulfils and breaks it.
fn deferred() -> (Promise, Function, Function) {
    let mut made = None;
    let promise = {
        let mut slot = AssertUnwindSafe(&mut made);
        Promise::new(&mut move |resolve, reject| {
            let slot = &mut slot;
            ***slot = Some((resolve, reject));
        })
    };
    // The executor runs before `Promise::new` returns.
    let (resolve, reject) = made.unwrap_or_default();
    (promise, resolve, reject)
}

fn js_error(error: &impl std::fmt::Display) -> JsValue {
    js_sys::Error::new(&error.to_string()).into()
}
