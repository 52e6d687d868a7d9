//! Cloudflare Access: the half of it that has effects. What they are for is decided in `ingress::access`.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::{JsCast, prelude::*};
use worker::console_error;

use super::{
    js,
    ports::now,
    turns::{self, settled},
};
use crate::{
    ingress::access::{
        BODY_BYTES_MAX, FETCH_MS, Fault, Found, Identity, Key, Keys, Policy, TOKEN_HEADER, Team, Token,
        WAIT_MS,
    },
    time::Millis,
};

#[wasm_bindgen(module = "/src/worker/glue/access.js")]
extern "C" {
    /// `Uint8Array`, or `null`.
    #[wasm_bindgen(js_name = fetchKeys)]
    fn fetch_keys(url: &str, max: f64, timeout_ms: f64) -> Promise;
    /// A boolean.
    fn verify(modulus: &str, exponent: &str, signature: &[u8], text: &str) -> Promise;
}

/// The door in front of the door.
pub(super) struct Gate {
    policy: Policy,
    keys: Rc<Shared>,
}

/// What a fetch, which may outlive its request, shares with requests.
struct Shared {
    keys: RefCell<Keys>,
    /// Ends the waiting of those who wait for the fetch that is under way. They are requests in flight, of
    /// which the runtime bounds the number.
    waiting: RefCell<Vec<Function>>,
}

impl Gate {
    pub(super) fn new(policy: Policy, now: Millis) -> Self {
        if let Policy::Closed(problem) = &policy {
            console_error!("config: {problem}");
        }
        let keys = Shared { keys: RefCell::new(Keys::new(now)), waiting: RefCell::default() };
        Self { policy, keys: Rc::new(keys) }
    }

    /// With the keys of the gate before, if it asks for the same: they need not be fetched again.
    pub(super) fn after(self, before: &Self) -> Self {
        let same = self.policy == before.policy;
        Self { keys: if same { Rc::clone(&before.keys) } else { self.keys }, policy: self.policy }
    }

    /// Who comes, if Access is asked for.
    pub(super) async fn admit(
        &self,
        request: &web_sys::Request,
        ctx: &JsValue,
        now: Millis,
    ) -> Result<Option<Identity>, Fault> {
        match &self.policy {
            Policy::Off => Ok(None),
            Policy::Closed(_) => Err(Fault::Misconfigured),
            Policy::On(team) => {
                let token = request.headers().get(TOKEN_HEADER).ok().flatten().unwrap_or_default();
                self.identify(team, &token, ctx, now).await.map(Some)
            }
        }
    }

    async fn identify(
        &self,
        team: &Team,
        token: &str,
        ctx: &JsValue,
        now: Millis,
    ) -> Result<Identity, Fault> {
        let token = Token::parse(token)?;
        let identity = token.claims.check(team, now)?;
        let key = self.key(team, &token.key_id, ctx).await?;
        let verified = verify(&key.modulus, &key.exponent, &token.signature, token.signed);
        match settled(verified).await {
            Ok(verified) if verified.is_truthy() => Ok(identity),
            _ => Err(Fault::Signature),
        }
    }

    async fn key(&self, team: &Team, id: &str, ctx: &JsValue) -> Result<Key, Fault> {
        // One who has waited for a fetch that began before a rotation may need another.
        for _ in 0..2 {
            let found = self.keys.keys.borrow_mut().find(id, now());
            match found {
                Found::Key(key) => return Ok(key),
                Found::Fault(fault) => return Err(fault),
                Found::Refresh(key) => {
                    drop(self.fetch(team, ctx));
                    return Ok(key);
                }
                Found::Fetch => {
                    // What it has brought is in the cache, and it does not fail otherwise.
                    let _ = settled(self.fetch(team, ctx)).await;
                    break;
                }
                Found::Wait => self.keys.wait().await,
            }
        }
        let found = self.keys.keys.borrow().settle(id, now());
        match found {
            Found::Key(key) => Ok(key),
            Found::Fault(fault) => Err(fault),
            Found::Refresh(_) | Found::Fetch | Found::Wait => {
                Err(Fault::KeysUnavailable { retry_after_ms: FETCH_MS })
            }
        }
    }

    /// Fetches, even if the client leaves: others wait for it.
    fn fetch(&self, team: &Team, ctx: &JsValue) -> Promise {
        let (keys, url) = (Rc::clone(&self.keys), team.certs_url.clone());
        // A panic would leave the flight on record, which ends by itself.
        let fetch = turns::spawn(async move { keys.fetch(&url).await });
        // Without it a client that leaves costs the others a wait.
        js::wait_until(ctx, &fetch);
        fetch
    }
}

impl Shared {
    async fn fetch(&self, url: &str) {
        #[expect(clippy::cast_precision_loss, reason = "64 KiB")]
        let fetched = settled(fetch_keys(url, BODY_BYTES_MAX as f64, js::number(FETCH_MS))).await;
        let body = fetched.ok().and_then(|body| body.dyn_into::<Uint8Array>().ok()).map(|body| body.to_vec());
        let had = {
            let mut keys = self.keys.borrow_mut();
            keys.fetched(body.as_deref(), now());
            keys.had()
        };
        if !had {
            console_error!("access: the team's keys cannot be had from {url}");
        }
        for end in self.waiting.take() {
            let _ = end.call0(&JsValue::NULL); // it may have left
        }
    }

    /// Waits until the fetch of another request ends, on a promise of this request's own: a Rust future that
    /// is woken from another request would go on in its name.
    async fn wait(&self) {
        let (promise, end) = js::wakeable(WAIT_MS);
        self.waiting.borrow_mut().push(end);
        // It does not fail.
        let _ = settled(promise).await;
    }
}
