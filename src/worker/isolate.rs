//! What an isolate knows: the gateway made of its environment, once.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use js_sys::{Array, Reflect};
use serde::Deserialize;
use wasm_bindgen::JsValue;
use worker::{console_error, console_warn};

use super::{access::Gate, desk::Desk, js};
use crate::{
    config::{self, Config, Problem},
    deployment::LOCAL_BINDING,
    gateway::Gateway,
    ingress::{
        Entry, Settings,
        access::{Mode, Policy, Team},
        auth::Lock,
        keys,
        lockout::Lockout,
    },
    time::Millis,
    wire::{Wire, headers},
};

pub(super) struct Isolate {
    /// With a config that cannot be read this is a gateway without providers.
    pub(super) gateway: Gateway,
    /// Why the config cannot be read; told to authenticated callers only.
    pub(super) problems: Vec<String>,
    pub(super) local: bool,
    pub(super) gate: Gate,
    pub(super) lockout: RefCell<Lockout>,
    /// Which response headers may pass, as JS wants it.
    pub(super) passes: JsValue,
    /// The destinations by provider, format and URL, as JS wants them, each made on first use.
    pub(super) targets: RefCell<HashMap<(usize, Wire, String), JsValue>>,
    /// Outlives a change of the config.
    pub(super) desk: Rc<Desk>,
    request_ids: RefCell<RequestIds>,
}

/// `req_` and 24 hex digits: 16 drawn once, 8 counted.
struct RequestIds {
    /// All but the last 8.
    life: String,
    issued: u32,
}

/// `{"requireAuth": bool, "accessCertsUrl"?: string}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Local {
    require_auth: bool,
    /// Where a test's team has its keys. Only `start` can say so, no variable.
    access_certs_url: Option<String>,
}

/// What `start` sends when a config file has changed.
#[derive(Deserialize)]
struct Override {
    config: serde_json::Value,
    #[serde(default)]
    env: HashMap<String, String>,
}

thread_local! {
    static ISOLATE: RefCell<Option<Rc<Isolate>>> = const { RefCell::new(None) };
}

/// This isolate's state, made on first use.
pub(super) fn isolate(env: &JsValue, now: Millis) -> Rc<Isolate> {
    if let Some(isolate) = ISOLATE.with_borrow(Clone::clone) {
        return isolate;
    }
    let made = Rc::new(Isolate::new(env, now));
    ISOLATE.set(Some(Rc::clone(&made)));
    made
}

/// Replaces the config, for requests from now on. What is wrong with it if it does not.
pub(super) fn replace(env: &JsValue, text: &str, now: Millis) -> Vec<String> {
    let problem = |message: &str| vec![message.to_owned()];
    let Ok(replacement) = serde_json::from_str::<Override>(text) else { return problem("not {config, env}") };
    match config::read_value(&replacement.config) {
        Err(report) => report.errors.iter().map(Problem::to_string).collect(),
        Ok(_) => {
            js::set_override(text);
            let before = ISOLATE.with_borrow(Clone::clone);
            let mut made = Isolate::new(env, now);
            if let Some(before) = before {
                made.gateway = made.gateway.remembering(Rc::clone(&before.gateway.memory));
                made.gate = made.gate.after(&before.gate);
                made.desk = Rc::clone(&before.desk);
            }
            ISOLATE.set(Some(Rc::new(made)));
            Vec::new()
        }
    }
}

impl Isolate {
    fn new(env: &JsValue, now: Millis) -> Self {
        let replaced: Option<Override> = js::get_override().and_then(|text| serde_json::from_str(&text).ok());
        let lookup = |name: &str| {
            let replaced = replaced.as_ref().and_then(|replaced| replaced.env.get(name).cloned());
            replaced.or_else(|| variable(env, name))
        };
        let (config, problems) = match &replaced {
            Some(replaced) => checked(config::read_value(&replaced.config)),
            None => from_variables(lookup),
        };
        let (settings, mut warnings) = Settings::read(lookup);
        let local = local(env);
        let policy = Policy::read(lookup, local.as_ref().and_then(|local| local.access_certs_url.clone()));
        let (lock, faults) = keys::read(lookup, config.master_key.as_ref());
        warnings.extend(faults);
        let entry = entry(local.as_ref(), &policy, lock);
        let gateway = Gateway::new(config, settings, entry, now, lookup);
        warnings.extend(gateway.faults().map(ToString::to_string));
        for problem in &problems {
            console_error!("config: {problem}");
        }
        for warning in &warnings {
            console_warn!("{warning}");
        }
        Self {
            gateway,
            problems,
            local: local.is_some(),
            gate: Gate::new(policy, now),
            lockout: RefCell::default(),
            passes: passes(),
            targets: RefCell::default(),
            desk: Rc::default(),
            request_ids: RefCell::new(RequestIds { life: format!("req_{:016x}", random()), issued: 0 }),
        }
    }

    pub(super) fn request_id(&self) -> String {
        let mut ids = self.request_ids.borrow_mut();
        ids.issued = ids.issued.wrapping_add(1);
        format!("{}{:08x}", ids.life, ids.issued)
    }
}

/// 64 random bits; the runtime's generator does not fail.
pub(super) fn random() -> u64 {
    getrandom::u64().unwrap_or_default()
}

fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> (Config, Vec<String>) {
    match config::source::gather(lookup) {
        Ok(Some(text)) => checked(config::read(&text)),
        Ok(None) => (Config::default(), vec!["no config: set LLM_ROUTER_CONFIG_JSON".to_owned()]),
        Err(problem) => (Config::default(), vec![problem.to_string()]),
    }
}

fn checked(read: Result<config::Checked, config::Report>) -> (Config, Vec<String>) {
    match read {
        Ok(checked) => {
            for warning in &checked.warnings {
                console_warn!("config: {warning}");
            }
            (checked.config, Vec::new())
        }
        Err(report) => (Config::default(), report.errors.iter().map(Problem::to_string).collect()),
    }
}

fn entry(local: Option<&Local>, policy: &Policy, lock: Option<Lock>) -> Entry {
    // Open for those whom Access has let through; it keeps the other variables' promise about web pages, whose
    // visitors bring Access's cookie along.
    let alone = matches!(policy, Policy::On(Team { mode: Mode::Access, .. }));
    if alone || local.is_some_and(|local| !local.require_auth) {
        return Entry::Open;
    }
    lock.map_or(Entry::Closed, Entry::Keyed)
}

fn local(env: &JsValue) -> Option<Local> {
    let value = Reflect::get(env, &LOCAL_BINDING.into()).ok().filter(JsValue::is_object)?;
    serde_wasm_bindgen::from_value(value).ok()
}

/// A text binding.
fn variable(env: &JsValue, name: &str) -> Option<String> {
    Reflect::get(env, &name.into()).ok()?.as_string()
}

fn passes() -> JsValue {
    let list = |items: &[&'static str]| -> Array { js::array(items.iter().copied()) };
    js::make_filter(
        &list(&headers::RESPONSE_EXACT),
        &list(&headers::RESPONSE_PREFIXES),
        headers::RESPONSE_EXCEPT_PREFIX,
        &list(&headers::UPSTREAM_REQUEST_IDS),
        headers::UPSTREAM_REQUEST_ID,
    )
}
