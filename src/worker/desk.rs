//! Where this isolate gets its reservations: from what it holds on lease, or from the provider's object.
//!
//! Requests share what is held, never each other's work: whoever asks does so in its own context, and whoever
//! waits does so on a promise of its own, which the asker fulfils. A question that others may wait for outlives the
//! request that asks it, and nobody waits longer than [`WAIT_MS`] for it.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    rc::Rc,
};

use js_sys::{Array, Function};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use worker::console_error;

use super::{js, ports::now};
use crate::{
    config::Leases,
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
    /// The namespace of provider objects.
    pub(super) providers: &'a JsValue,
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
        for _ in 0..ROUNDS {
            let taken = self.desk.holder.borrow_mut().retake(now(), question);
            match taken? {
                Take::Unit { grant, .. } => return Some(*grant),
                Take::Wait(shelf) => self.desk.wait(shelf).await,
                Take::Ask(_) => return None,
            }
        }
        None
    }

    pub(super) fn settle(&self, provider: &str, grant: &Grant, sent: bool, verdict: Verdict) {
        let bad = matches!(verdict, Verdict::Bad(_));
        let told = self.desk.holder.borrow_mut().settle(now(), provider, grant, sent, verdict);
        let Some(settle) = told else { return };
        let text = serde_json::to_string(&settle).map_err(|error| JsValue::from(error.to_string()));
        if let Err(error) = text.and_then(|text| js::settle(self.providers, provider, &text, self.ctx)) {
            console_error!("settle at {provider}: {error:?}");
        }
        if bad {
            self.watch(provider);
        }
    }

    async fn ask(&self, question: &Rc<Question>) -> Option<Reserved> {
        if question.ask.lease.is_none() {
            return self.errand().run(question).await;
        }
        let reply = Rc::default();
        let asked = self.ask_on(question, Rc::clone(&reply));
        // It does not fail.
        let _ = JsFuture::from(asked).await;
        reply.take()
    }

    /// Asks, whatever becomes of this request. The promise is kept once `reply` is there.
    fn ask_on(&self, question: &Rc<Question>, reply: Rc<Cell<Option<Reserved>>>) -> js_sys::Promise {
        let errand = self.errand();
        let question = Rc::clone(question);
        let watched = self.watcher(&question.provider);
        let asked = future_to_promise(AssertUnwindSafe(async move {
            let own = errand.run(&question).await;
            if question.ask.is_ahead() {
                if let Some(reserved) = own {
                    errand.undo(&question.provider, reserved);
                }
            } else {
                reply.set(own);
            }
            watched.begin();
            Ok(JsValue::UNDEFINED)
        }));
        js::wait_until(self.ctx, &asked);
        asked
    }

    fn watch(&self, provider: &str) {
        self.watcher(provider).begin();
    }

    fn errand(&self) -> Errand {
        Errand {
            desk: Rc::clone(self.desk),
            providers: self.providers.clone(),
            ctx: self.ctx.clone(),
            #[cfg(feature = "fault-injection")]
            fault: self.fault.map(str::to_owned),
        }
    }

    fn watcher(&self, provider: &str) -> Watcher {
        Watcher { errand: self.errand(), provider: provider.to_owned() }
    }
}

/// What asks an object, on its own.
struct Errand {
    desk: Rc<Desk>,
    providers: JsValue,
    ctx: JsValue,
    #[cfg(feature = "fault-injection")]
    fault: Option<String>,
}

impl Errand {
    /// What the asker has of the answer; `None` if there was none.
    async fn run(&self, question: &Question) -> Option<Reserved> {
        let outstanding = self.desk.outstanding.begin(now());
        let asked = self.call(question, outstanding > 0).await;
        self.desk.outstanding.end();
        let reserved =
            asked.map_err(|error| console_error!("reserve at {}: {error:?}", question.provider)).ok();
        let own = self.desk.holder.borrow_mut().heard(question, reserved);
        self.desk.wake(question.shelf);
        own
    }

    async fn call(&self, question: &Question, company: bool) -> Result<Reserved, JsValue> {
        let ask = Ask { reserve: &question.ask, company };
        let ask = serde_json::to_string(&ask).map_err(|error| JsValue::from(error.to_string()))?;
        #[cfg(feature = "fault-injection")]
        let ask = super::fault::ask(self.fault.as_deref(), ask);
        let reply = JsFuture::from(js::reserve(&self.providers, &question.provider, &ask)?).await?;
        let reply = reply.as_string().unwrap_or_default();
        serde_json::from_str(&reply).map_err(|error| JsValue::from(error.to_string()))
    }

    /// A reservation that nobody waits for: an object of an older build does not know better.
    fn undo(&self, provider: &str, reserved: Reserved) {
        let Reserved::Grant(grant) = reserved else { return };
        let unsent = Settle { ticket: grant.ticket, sent: false, verdict: Verdict::Neutral };
        let text = serde_json::to_string(&unsent).map_err(|error| JsValue::from(error.to_string()));
        if let Err(error) = text.and_then(|text| js::settle(&self.providers, provider, &text, &self.ctx)) {
            console_error!("settle at {provider}: {error:?}");
        }
    }
}

/// What gives unused units back when their leases are over.
struct Watcher {
    errand: Errand,
    provider: String,
}

impl Watcher {
    /// Unless another request does it already.
    fn begin(self) {
        let desk = Rc::clone(&self.errand.desk);
        let now = now();
        let mut watched = desk.watched.borrow_mut();
        let busy = watched.get(&self.provider).is_some_and(|until| now < *until);
        if busy || desk.holder.borrow().next_return(&self.provider).is_none() {
            return;
        }
        let until = now.after(WATCH_MS);
        watched.insert(self.provider.clone(), until);
        let ctx = self.errand.ctx.clone();
        let watching = future_to_promise(AssertUnwindSafe(async move {
            self.watch(until).await;
            Ok(JsValue::UNDEFINED)
        }));
        js::wait_until(&ctx, &watching);
    }

    async fn watch(&self, until: Millis) {
        let Self { errand, provider } = self;
        let desk = &errand.desk;
        let next = || desk.holder.borrow().next_return(provider).filter(|at| *at < until);
        while let Some(at) = next() {
            if now() < at {
                // A timer cannot fail; were it cancelled, so would be this.
                let _ = JsFuture::from(js::sleep(js::number(at.since(now()) + 1))).await;
            }
            let unused = desk.holder.borrow_mut().unused(now(), provider);
            if unused.is_empty() {
                continue;
            }
            let text = serde_json::to_string(&unused).map_err(|error| JsValue::from(error.to_string()));
            let told = async { JsFuture::from(js::give_back(&errand.providers, provider, &text?)?).await };
            if let Err(error) = told.await {
                console_error!("return to {provider}: {error:?}"); // they are spent then
            }
        }
        desk.watched.borrow_mut().remove(provider);
    }
}

impl Desk {
    /// Until somebody's question has been answered, or long enough.
    async fn wait(&self, shelf: Shelved) {
        let parts: Array = js::wakeable(js::number(WAIT_MS));
        let wake = parts.get(1).unchecked_into();
        self.waiting.borrow_mut().entry(shelf).or_default().push(wake);
        // It does not fail.
        let _ = JsFuture::from(parts.get(0).unchecked_into::<js_sys::Promise>()).await;
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
