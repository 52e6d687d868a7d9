//! Where this isolate gets its reservations: from what it holds on lease, or from the provider's object.
//!
//! Requests share what is held, never each other's work: whoever asks does so in its own context, and whoever
//! waits does so on a promise of its own, which the asker fulfils. A question that others may wait for outlives the
//! request that asks it, and nobody waits longer than [`WAIT_MS`] for it.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use js_sys::{Function, Promise, Reflect};
use serde::Serialize;
use wasm_bindgen::JsValue;
use worker::console_error;

use super::{
    js,
    ports::now,
    turns::{self, settled},
};
use crate::{
    config::Leases,
    deployment::PROVIDERS_BINDING,
    leases::{Again, Holder, Question, Shelved, Take, WAIT_MS},
    ledger::message::{Ask, Grant, Reserve, Reserved, Settle, Verdict},
    ports::Unavailable,
    time::Millis,
};

/// See the module documentation.
#[derive(Default)]
pub(super) struct Desk {
    holder: RefCell<Holder>,
    /// Fulfil the promises of those who wait.
    waiting: RefCell<BTreeMap<Shelved, Vec<Function>>>,
    /// Providers whose unused units are being watched, and until when at most.
    watched: RefCell<BTreeMap<String, Millis>>,
    outstanding: Outstanding,
}

/// A request at the desk.
pub(super) struct Counter<'a> {
    pub(super) desk: &'a Rc<Desk>,
    pub(super) env: &'a JsValue,
    pub(super) ctx: &'a JsValue,
    #[cfg(feature = "fault-injection")]
    pub(super) fault: Option<&'a str>,
}

/// How often a request waits for somebody else's question before it insists on its own.
const ROUNDS: u32 = 3;

/// Answers that may come too late for their window before a request gives the provider up: windows of a second,
/// and an object half a second away.
const LATE_MAX: u32 = 4;

/// How long a request looks after what was not spent: the runtime gives it 30 s after its reply.
const WATCH_MS: u64 = 25_000;

impl Counter<'_> {
    pub(super) async fn reserve(
        &self,
        provider: &str,
        ask: &Reserve,
        terms: Leases,
    ) -> Result<Reserved, Unavailable> {
        let mut again = Again::No;
        let mut rounds = 0;
        let mut late = 0;
        loop {
            let taken = self.desk.holder.borrow_mut().take(now(), provider, ask, terms, again);
            match taken {
                Take::Unit { grant, ahead } => {
                    if let Some(question) = ahead {
                        let _ = self.ask_on(&Rc::new(question), Rc::default()); // goes on by itself
                    }
                    return Ok(Reserved::Grant(*grant));
                }
                Take::Ask(question) => {
                    let question = Rc::new(question);
                    let reserved = self.ask(&question).await.ok_or(Unavailable)?;
                    match reserved {
                        Reserved::Grant(grant) if question.is_late(now(), &grant) => {
                            self.settle(provider, &grant, false, Verdict::Neutral);
                            if again == Again::No {
                                again = Again::Waited; // it is still the same attempt
                            }
                            late += 1;
                            if late >= LATE_MAX {
                                return Err(Unavailable);
                            }
                        }
                        Reserved::Denial(_) => {
                            let spare = self.spare(&question).await;
                            return Ok(spare.map_or(reserved, Reserved::Grant));
                        }
                        granted @ Reserved::Grant(_) => return Ok(granted),
                    }
                }
                Take::Wait(shelf) => {
                    self.desk.wait(shelf).await;
                    rounds += 1;
                    again = if rounds < ROUNDS { Again::Waited } else { Again::Insists };
                }
            }
        }
    }

    /// For an attempt that was denied: a unit that somebody else's lease has to spare.
    async fn spare(&self, question: &Question) -> Option<Grant> {
        let mut rounds = 0;
        loop {
            let taken = self.desk.holder.borrow_mut().retake(now(), question);
            match taken? {
                Take::Unit { grant, .. } => return Some(*grant),
                Take::Wait(shelf) if rounds < ROUNDS => self.desk.wait(shelf).await,
                Take::Wait(_) | Take::Ask(_) => return None,
            }
            rounds += 1;
        }
    }

    pub(super) fn settle(&self, provider: &str, grant: &Grant, sent: bool, verdict: Verdict) {
        let bad = matches!(verdict, Verdict::Bad(_));
        let told = self.desk.holder.borrow_mut().settle(now(), provider, grant, sent, verdict);
        let Some(settle) = told else { return };
        let errand = self.errand();
        errand.settle(provider, &settle);
        if bad {
            errand.watch(provider);
        }
    }

    async fn ask(&self, question: &Rc<Question>) -> Option<Reserved> {
        if !question.is_shared() {
            return self.errand().ask(question).await;
        }
        let reply = Rc::default();
        let asked = self.ask_on(question, Rc::clone(&reply));
        // It does not fail.
        let _ = settled(asked).await;
        reply.take()
    }

    /// Asks, whatever becomes of this request. The promise is kept once `reply` is there.
    fn ask_on(&self, question: &Rc<Question>, reply: Rc<Cell<Option<Reserved>>>) -> Promise {
        let errand = self.errand();
        let question = Rc::clone(question);
        let asked = turns::spawn(async move {
            let own = errand.ask(&question).await;
            if !question.ask.is_ahead() {
                reply.set(own);
            } else if let Some(Reserved::Grant(grant)) = own {
                // Nobody waits for it: an object of an older build does not know better.
                let unsent = Settle { ticket: grant.ticket, sent: false, verdict: Verdict::Neutral };
                errand.settle(&question.provider, &unsent);
            }
            errand.watch(&question.provider);
        });
        js::wait_until(self.ctx, &asked);
        asked
    }

    fn errand(&self) -> Errand {
        Errand {
            desk: Rc::clone(self.desk),
            // Without the binding every call fails, and says so.
            providers: Reflect::get(self.env, &PROVIDERS_BINDING.into()).unwrap_or_default(),
            ctx: self.ctx.clone(),
            #[cfg(feature = "fault-injection")]
            fault: self.fault.map(str::to_owned),
        }
    }
}

/// What goes to an object, for a request or beyond it.
#[derive(Clone)]
struct Errand {
    desk: Rc<Desk>,
    /// The namespace of provider objects.
    providers: JsValue,
    ctx: JsValue,
    #[cfg(feature = "fault-injection")]
    fault: Option<String>,
}

impl Errand {
    /// What the asker has of the answer; `None` if there was none.
    async fn ask(&self, question: &Question) -> Option<Reserved> {
        let outstanding = self.desk.outstanding.begin(now());
        let asked = self.call(question, outstanding > 0).await;
        self.desk.outstanding.end();
        let reserved =
            asked.map_err(|error| console_error!("reserve at {}: {error:?}", question.provider)).ok();
        let own = self.desk.holder.borrow_mut().heard(question, reserved);
        if question.is_shared() {
            self.desk.wake(question.shelf);
        }
        own
    }

    async fn call(&self, question: &Question, company: bool) -> Result<Reserved, JsValue> {
        let ask = text(&Ask { reserve: &question.ask, company })?;
        #[cfg(feature = "fault-injection")]
        let ask = super::fault::ask(self.fault.as_deref(), ask);
        let reply = settled(js::reserve(&self.providers, &question.provider, &ask)?).await?;
        let reply = reply.as_string().unwrap_or_default();
        serde_json::from_str(&reply).map_err(|error| JsValue::from(error.to_string()))
    }

    fn settle(&self, provider: &str, settle: &Settle) {
        let told = text(settle).and_then(|text| js::settle(&self.providers, provider, &text, &self.ctx));
        if let Err(error) = told {
            console_error!("settle at {provider}: {error:?}");
        }
    }

    /// Sees to it that unused units are given back when their leases are over, unless another request does.
    fn watch(&self, provider: &str) {
        let now = now();
        let mut watched = self.desk.watched.borrow_mut();
        let busy = watched.get(provider).is_some_and(|until| now < *until);
        if busy || self.desk.holder.borrow().next_return(provider).is_none() {
            return;
        }
        let until = now.after(WATCH_MS);
        watched.insert(provider.to_owned(), until);
        let (errand, provider) = (self.clone(), provider.to_owned());
        let watching = turns::spawn(async move {
            errand.give_back(&provider, until).await;
            errand.desk.watched.borrow_mut().remove(&provider);
        });
        js::wait_until(&self.ctx, &watching);
    }

    async fn give_back(&self, provider: &str, until: Millis) {
        let next = || self.desk.holder.borrow().next_return(provider).filter(|at| *at < until);
        while let Some(at) = next() {
            if now() < at {
                // A timer cannot fail; were it cancelled, so would be this.
                let _ = settled(js::sleep(js::number(at.since(now()) + 1))).await;
            }
            let unused = self.desk.holder.borrow_mut().unused(now(), provider);
            if unused.is_empty() {
                continue;
            }
            let told = async { settled(js::give_back(&self.providers, provider, &text(&unused)?)?).await };
            if let Err(error) = told.await {
                console_error!("return to {provider}: {error:?}"); // they are spent then
            }
        }
    }
}

/// As it goes to an object.
fn text(value: &impl Serialize) -> Result<String, JsValue> {
    serde_json::to_string(value).map_err(|error| JsValue::from(error.to_string()))
}

impl Desk {
    /// Until somebody's question has been answered, or long enough.
    async fn wait(&self, shelf: Shelved) {
        let (woken, wake) = js::wakeable(WAIT_MS);
        self.waiting.borrow_mut().entry(shelf).or_default().push(wake);
        // It does not fail.
        let _ = settled(woken).await;
    }

    fn wake(&self, shelf: Shelved) {
        let waiting = self.waiting.borrow_mut().remove(&shelf).unwrap_or_default();
        for wake in waiting {
            // Fulfilling a promise does not throw, even of a request that is gone.
            let _ = wake.call0(&JsValue::UNDEFINED);
        }
    }
}

/// Questions to provider objects that have no answer yet. A request whose client leaves may never take its
/// own back, so a count that nothing has touched for a while starts again.
#[derive(Default)]
struct Outstanding {
    count: Cell<u32>,
    last: Cell<Millis>,
}

const OUTSTANDING_STALE_MS: u64 = 1_000;

impl Outstanding {
    /// How many there were before this one.
    fn begin(&self, now: Millis) -> u32 {
        let stale = now.since(self.last.replace(now)) > OUTSTANDING_STALE_MS;
        let before = if stale { 0 } else { self.count.get() };
        self.count.set(before.saturating_add(1));
        before
    }

    fn end(&self) {
        self.count.set(self.count.get().saturating_sub(1));
    }
}
