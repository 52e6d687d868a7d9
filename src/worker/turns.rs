//! Requests, turn by turn: JS awaits what a request waits for and comes back with what came of it.
//!
//! `wasm-bindgen-futures` would make two closures, a promise and two microtasks of each wait, which cost more than all
//! that the gateway decides about most requests. A request does one thing after the other, so it needs none of them: it
//! leaves the promise that it waits for to `entry.js`, whose loop is its executor. What runs besides a request
//! ([`spawn`]) is rare, and waits in the usual way.
//!
//! A request whose client leaves is not come back to. JS notices that nobody can any more, and has it dropped.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

/// What a promise comes to: its value, or what it was rejected with.
pub(super) type Settled = Result<JsValue, JsValue>;

type Visit = Pin<Box<dyn Future<Output = Settled>>>;

thread_local! {
    /// Requests that wait, by the number that JS gave them.
    static WAITING: RefCell<BTreeMap<u32, Visit>> = RefCell::default();
    /// Of the request whose turn it is.
    static TURN: RefCell<Option<Turn>> = const { RefCell::new(None) };
}

struct Turn {
    /// What came of the promise that the turn before has ended with.
    settled: Option<Settled>,
    /// What this turn ends with.
    promise: Option<Promise>,
}

/// While it lives, it is a request's turn; a panic ends that, too.
struct Running;

impl Turn {
    fn begin(settled: Option<Settled>) -> Running {
        TURN.set(Some(Self { settled, promise: None }));
        Running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        TURN.set(None);
    }
}

/// Begins a request: a promise to come [back](resume) with, or what the request has come to.
pub(super) fn begin(number: u32, visit: impl Future<Output = Settled> + 'static) -> Settled {
    run(number, Box::pin(visit), None)
}

/// The next turn of a request, likewise.
pub(super) fn resume(number: u32, settled: Settled) -> Settled {
    let visit = WAITING.with_borrow_mut(|waiting| waiting.remove(&number));
    run(number, visit.ok_or("there is no such request")?, Some(settled))
}

/// Forgets a request.
pub(super) fn forget(number: u32) {
    // What it drops may be anything, so not while the table is borrowed.
    let visit = WAITING.with_borrow_mut(|waiting| waiting.remove(&number));
    drop(visit);
}

fn run(number: u32, mut visit: Visit, settled: Option<Settled>) -> Settled {
    let _running = Turn::begin(settled);
    let polled = visit.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let promise = TURN.take().and_then(|turn| turn.promise);
    match polled {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => {
            let promise = promise.ok_or("a request waits for nothing")?;
            WAITING.with_borrow_mut(|waiting| waiting.insert(number, visit));
            Ok(promise.into())
        }
    }
}

/// What a promise comes to.
pub(super) async fn settled(promise: Promise) -> Settled {
    if TURN.with_borrow(Option::is_some) {
        Wait { promise: Some(promise) }.await
    } else {
        JsFuture::from(promise).await
    }
}

/// Runs by itself, whatever becomes of the request that begins it; the promise is kept when it is over. A panic ends
/// it, so it must leave nothing half-done that requests share.
pub(super) fn spawn(task: impl Future<Output = ()> + 'static) -> Promise {
    future_to_promise(AssertUnwindSafe(async move {
        task.await;
        Ok(JsValue::UNDEFINED)
    }))
}

/// One wait of a request.
struct Wait {
    /// Until the turn ends with it.
    promise: Option<Promise>,
}

impl Future for Wait {
    type Output = Settled;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Settled> {
        TURN.with_borrow_mut(|turn| {
            let Some(turn) = turn else { return Poll::Pending };
            if let Some(promise) = self.promise.take() {
                turn.promise = Some(promise);
                return Poll::Pending;
            }
            turn.settled.take().map_or(Poll::Pending, Poll::Ready)
        })
    }
}
