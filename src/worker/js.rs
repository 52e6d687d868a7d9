//! The other half of `glue.js`.

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use super::translator::Translator;

#[wasm_bindgen(module = "/src/worker/glue.js")]
extern "C" {
    #[wasm_bindgen(js_name = setOverride)]
    pub(super) fn set_override(text: &str);
    #[wasm_bindgen(js_name = getOverride)]
    pub(super) fn get_override() -> Option<String>;

    #[wasm_bindgen(js_name = readHead)]
    pub(super) fn read_head(request: &web_sys::Request, names: &Array, local: bool) -> String;
    /// `Uint8Array`, `null` when longer than `max`, or a word when it cannot be read.
    #[wasm_bindgen(js_name = readBody)]
    pub(super) fn read_body(request: &web_sys::Request, max: f64) -> Promise;

    #[wasm_bindgen(js_name = makeHeaders)]
    pub(super) fn make_headers(lines: &str) -> JsValue;
    #[wasm_bindgen(js_name = makeFilter)]
    pub(super) fn make_filter(
        exact: &Array,
        prefixes: &Array,
        except: &str,
        ids: &Array,
        id_name: &str,
    ) -> JsValue;
    /// `Response`, or a word for why there is none.
    pub(super) fn send(
        url: &str,
        headers: &JsValue,
        added: &str,
        body: &Uint8Array,
        start: f64,
        end: f64,
        text: &str,
        timeout_ms: f64,
    ) -> Promise;
    /// `[Uint8Array, ended]`, or `null`.
    pub(super) fn peek(response: &web_sys::Response, max: f64, wait_ms: f64, alive_ms: f64) -> Promise;
    /// `[lines, Uint8Array]`
    #[wasm_bindgen(js_name = readFailure)]
    pub(super) fn read_failure(response: &web_sys::Response, max: f64, passes: &JsValue) -> Promise;

    /// `[lines, Uint8Array]`, or `null`.
    #[wasm_bindgen(js_name = readSuccess)]
    pub(super) fn read_success(
        response: &web_sys::Response,
        max: f64,
        wait_ms: f64,
        passes: &JsValue,
    ) -> Promise;
    #[wasm_bindgen(js_name = passingLines)]
    pub(super) fn passing_lines(response: &web_sys::Response, passes: &JsValue) -> String;

    #[wasm_bindgen(catch)]
    pub(super) fn translate(
        upstream: &web_sys::Response,
        translator: Translator,
        lines: &str,
        idle_ms: f64,
        last_words: &str,
    ) -> Result<web_sys::Response, JsValue>;
    #[wasm_bindgen(catch)]
    pub(super) fn relay(
        upstream: &web_sys::Response,
        passes: &JsValue,
        lines: &str,
        idle_ms: f64,
        last_words: &str,
    ) -> Result<web_sys::Response, JsValue>;
    #[wasm_bindgen(catch)]
    pub(super) fn reply(status: u16, lines: &str, body: &JsValue) -> Result<web_sys::Response, JsValue>;

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
    #[wasm_bindgen(js_name = waitUntil)]
    pub(super) fn wait_until(ctx: &JsValue, promise: &Promise);
    /// `[promise, wake]`
    pub(super) fn wakeable(ms: f64) -> Array;

    #[wasm_bindgen(js_name = setAlarm)]
    pub(super) fn set_alarm(ctx: &JsValue, at: f64);
    pub(super) fn sleep(ms: f64) -> Promise;
    /// Calls back once the events that are ready by now have been handled.
    pub(super) fn soon(callback: &JsValue);
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
