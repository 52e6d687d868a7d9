//! The functions of `glue`: what is cheaper, or only possible, in JavaScript. Each is one crossing where the same in
//! Rust would be a dozen.

use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use super::translator::Translator;

#[wasm_bindgen(module = "/src/worker/glue/override.js")]
extern "C" {
    #[wasm_bindgen(js_name = setOverride)]
    pub(super) fn set_override(text: &str);
    #[wasm_bindgen(js_name = getOverride)]
    pub(super) fn get_override() -> Option<String>;
}

#[wasm_bindgen(module = "/src/worker/glue/head.js")]
extern "C" {
    #[wasm_bindgen(js_name = readHead)]
    pub(super) fn read_head(request: &web_sys::Request, names: &Array, local: bool) -> String;
}

#[wasm_bindgen(module = "/src/worker/glue/body.js")]
extern "C" {
    /// `ArrayBuffer`, `null` when longer than `max`, or a word when it cannot be read.
    #[wasm_bindgen(js_name = readBody)]
    pub(super) fn read_body(request: &web_sys::Request, max: f64) -> Promise;
}

#[wasm_bindgen(module = "/src/worker/glue/headers.js")]
extern "C" {
    #[wasm_bindgen(js_name = makeFilter)]
    pub(super) fn make_filter(
        exact: &Array,
        prefixes: &Array,
        except: &str,
        ids: &Array,
        id_name: &str,
    ) -> JsValue;
}

#[wasm_bindgen(module = "/src/worker/glue/upstream.js")]
extern "C" {
    /// An upstream's answer.
    #[wasm_bindgen(js_name = Answer)]
    pub(super) type Upstream;
    #[wasm_bindgen(method, getter)]
    pub(super) fn status(this: &Upstream) -> u16;
    /// `[Uint8Array, ended]` of an event stream.
    #[wasm_bindgen(method, getter)]
    pub(super) fn opening(this: &Upstream) -> Option<Array>;

    #[wasm_bindgen(js_name = makeTarget)]
    pub(super) fn make_target(url: &str, headers: &str) -> JsValue;
    /// `Answer`, or a word for why there is none.
    pub(super) fn send(
        target: &JsValue,
        added: &str,
        body: &Uint8Array,
        start: f64,
        end: f64,
        text: &str,
        timeout_ms: f64,
        begin_ms: f64,
    ) -> Promise;
    /// `[lines, Uint8Array]`
    #[wasm_bindgen(js_name = readFailure)]
    pub(super) fn read_failure(answer: &Upstream, max: f64, filter: &JsValue) -> Promise;
    /// `[lines, Uint8Array]`, or `null`.
    #[wasm_bindgen(js_name = readSuccess)]
    pub(super) fn read_success(answer: &Upstream, max: f64, wait_ms: f64, filter: &JsValue) -> Promise;
    #[wasm_bindgen(js_name = headerLines)]
    pub(super) fn header_lines(answer: &Upstream, filter: &JsValue) -> String;
}

#[wasm_bindgen(module = "/src/worker/glue/reply.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    pub(super) fn translate(
        answer: &Upstream,
        translator: Translator,
        lines: &str,
        idle_ms: f64,
        last_words: &str,
    ) -> Result<web_sys::Response, JsValue>;
    #[wasm_bindgen(catch)]
    pub(super) fn relay(
        answer: &Upstream,
        filter: &JsValue,
        lines: &str,
        idle_ms: f64,
        last_words: &str,
    ) -> Result<web_sys::Response, JsValue>;
    #[wasm_bindgen(catch)]
    pub(super) fn reply(status: u16, lines: &str, body: &JsValue) -> Result<web_sys::Response, JsValue>;
}

#[wasm_bindgen(module = "/src/worker/glue/objects.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    pub(super) fn reserve(namespace: &JsValue, provider: &str, ask: &str) -> Result<Promise, JsValue>;
    /// A list of texts, with `null` for those who did not answer.
    pub(super) fn standings(
        namespace: &JsValue,
        providers: &Array,
        inquiries: &Array,
        width: u32,
        each_ms: f64,
        all_ms: f64,
    ) -> Promise;
    #[wasm_bindgen(catch)]
    pub(super) fn settle(
        namespace: &JsValue,
        provider: &str,
        report: &str,
        ctx: &JsValue,
    ) -> Result<(), JsValue>;
    #[wasm_bindgen(catch, js_name = giveBack)]
    pub(super) fn give_back(namespace: &JsValue, provider: &str, returns: &str) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_name = setAlarm)]
    pub(super) fn set_alarm(ctx: &JsValue, at: f64);
    pub(super) fn later(callback: &JsValue, ms: f64);
}

#[wasm_bindgen(module = "/src/worker/glue/waiting.js")]
extern "C" {
    #[wasm_bindgen(js_name = waitUntil)]
    pub(super) fn wait_until(ctx: &JsValue, promise: &Promise);
    #[wasm_bindgen(js_name = wakeable)]
    fn make_wakeable(ms: f64) -> Array;
    pub(super) fn sleep(ms: f64) -> Promise;
}

/// A list as JS takes it.
pub(super) fn array<'a>(items: impl IntoIterator<Item = &'a str>) -> Array {
    items.into_iter().map(JsValue::from_str).collect()
}

/// Headers as they cross: a line a name, a line a value.
pub(super) fn lines<N: AsRef<str>, V: AsRef<str>>(headers: impl IntoIterator<Item = (N, V)>) -> String {
    let mut text = String::new();
    for (name, value) in headers {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(name.as_ref());
        text.push('\n');
        text.push_str(value.as_ref());
    }
    text
}

/// The reverse of [`lines`].
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let mut lines = text.lines();
    std::iter::from_fn(|| Some((lines.next()?.to_owned(), lines.next()?.to_owned()))).collect()
}

/// Bytes that JS holds.
pub(super) fn bytes(value: &JsValue) -> Vec<u8> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default()
}

/// A number as JS has it.
#[expect(clippy::cast_precision_loss, reason = "times and sizes, far below 2^53")]
pub(super) fn number(value: u64) -> f64 {
    value as f64
}

/// A promise, and what fulfils it before `ms` have passed; another request may call that.
pub(super) fn wakeable(ms: u64) -> (Promise, Function) {
    let parts = make_wakeable(number(ms));
    (parts.get(0).unchecked_into(), parts.get(1).unchecked_into())
}
