//! A trace as response headers, for whoever debugs a route.
//!
//! Names come from clients and config files and may hold anything. In a value, a byte that is not visible
//! ASCII, a comma or a percent sign is `%XX`; so a list can be split at its commas, and decoded it is exact.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{Attempted, Skipped, Trace};

/// Every header that [`headers`] may make.
pub const NAMES: [&str; 10] = [
    REQUESTED_MODEL,
    ROUTE_TYPE,
    ROUTE_REF,
    ROUTE_STRATEGY,
    SELECTED_CANDIDATE,
    REASON,
    SKIPPED_CANDIDATES,
    ATTEMPTS,
    UPSTREAM_FORMAT,
    LOSSES,
];

const REQUESTED_MODEL: &str = "x-llm-router-requested-model";
const ROUTE_TYPE: &str = "x-llm-router-route-type";
const ROUTE_REF: &str = "x-llm-router-route-ref";
const ROUTE_STRATEGY: &str = "x-llm-router-route-strategy";
const SELECTED_CANDIDATE: &str = "x-llm-router-selected-candidate";
const REASON: &str = "x-llm-router-reason";
const SKIPPED_CANDIDATES: &str = "x-llm-router-skipped-candidates";
const ATTEMPTS: &str = "x-llm-router-attempts";
const UPSTREAM_FORMAT: &str = "x-llm-router-upstream-format";
const LOSSES: &str = "x-llm-router-losses";

/// Longest value, in bytes. Ten headers of it are half of what the strictest proxies take for all headers.
pub const VALUE_MAX: usize = 512;

/// Most items of a list.
pub const ITEMS_MAX: usize = 8;

/// Not visible in a value of its own: CONTROLS and everything beyond ASCII, which is always encoded.
const NAME: &AsciiSet = &CONTROLS.add(b' ').add(b',').add(b'%');

/// Words of the gateway's own: spaces stay.
const WORDS: &AsciiSet = &CONTROLS.add(b'%');

/// The same in a list.
const ITEM_WORDS: &AsciiSet = &WORDS.add(b',');

/// What there is to say. An unknown route says so; nothing is said of what did not happen.
pub fn headers(trace: &Trace) -> Vec<(&'static str, String)> {
    let Trace { requested, route, skipped, attempts, selected, reason, translation } = trace;
    let kind = match route {
        Some(route) => Some(route.kind.name()),
        None => requested.as_ref().map(|_| "unknown"),
    };
    let route = route.as_ref();
    let values = [
        (REQUESTED_MODEL, requested.as_deref().map(|name| value(name, NAME))),
        (ROUTE_TYPE, kind.map(|kind| value(kind, NAME))),
        (ROUTE_REF, route.map(|route| value(&route.name, NAME))),
        // Without a strategy, a model and its fallbacks are tried in order.
        (ROUTE_STRATEGY, route.map(|route| value(route.strategy.unwrap_or("ordered"), NAME))),
        (SELECTED_CANDIDATE, selected.as_deref().map(|name| value(name, NAME))),
        (REASON, reason.map(|reason| value(reason, WORDS))),
        (SKIPPED_CANDIDATES, list(skipped, push_skipped)),
        (ATTEMPTS, list(attempts, push_attempted)),
        (UPSTREAM_FORMAT, translation.as_ref().map(|made| value(made.upstream.config_name(), NAME))),
        (
            LOSSES,
            translation
                .as_ref()
                .and_then(|made| list(made.notes.list(), |value, note| value.push(note, ITEM_WORDS))),
        ),
    ];
    values
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn value(text: &str, encoded: &'static AsciiSet) -> String {
    let mut value = Value::default();
    value.push(text, encoded);
    value.text
}

/// The first items; `None` without any.
fn list<T>(items: &[T], push: impl Fn(&mut Value, &T)) -> Option<String> {
    let mut value = Value::default();
    for (index, item) in items.iter().take(ITEMS_MAX).enumerate() {
        if index > 0 {
            value.push(", ", WORDS);
        }
        push(&mut value, item);
    }
    (!items.is_empty()).then_some(value.text)
}

/// `provider/model:reason+reason`
fn push_skipped(value: &mut Value, skipped: &Skipped) {
    value.push(&skipped.target, NAME);
    for (index, reason) in skipped.reasons.iter().enumerate() {
        value.push(if index == 0 { ":" } else { "+" }, NAME);
        value.push(reason.name(), NAME);
    }
}

/// `provider/model:status/category#number`; `none` is the status of no answer, `ok` the category of success.
fn push_attempted(value: &mut Value, attempted: &Attempted) {
    let Attempted { target, status, class, number } = attempted;
    value.push(target, NAME);
    let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    let category = class.map_or("ok", |class| class.name());
    value.push(&format!(":{status}/{category}#{number}"), NAME);
}

/// A value that ends with `...` where it was cut, never in the middle of an encoded byte.
#[derive(Default)]
struct Value {
    text: String,
    cut: bool,
}

const CUT: &str = "...";

impl Value {
    fn push(&mut self, text: &str, encoded: &'static AsciiSet) {
        // Each piece is one encoded byte or a run of plain ones.
        for piece in utf8_percent_encode(text, encoded) {
            if self.cut {
                return;
            }
            let room = VALUE_MAX - CUT.len() - self.text.len();
            if piece.len() <= room {
                self.text.push_str(piece);
                continue;
            }
            let plain = !piece.starts_with('%');
            self.text.push_str(piece.get(..room).filter(|_| plain).unwrap_or_default());
            self.text.push_str(CUT);
            self.cut = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        ledger::message::FailureClass,
        trace::{Route, RouteKind, SkipReason, Translation},
        translate::Notes,
        wire::Wire,
    };

    fn attempted(target: &str, status: Option<u16>, class: Option<FailureClass>, number: u32) -> Attempted {
        Attempted { target: target.to_owned(), status, class, number }
    }

    fn skipped(target: &str, reasons: &[SkipReason]) -> Skipped {
        Skipped { target: target.to_owned(), reasons: reasons.to_vec() }
    }

    fn only(name: &str, trace: &Trace) -> String {
        let found = headers(trace).into_iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value).unwrap_or_default()
    }

    #[test]
    fn a_whole_trace() {
        let mut notes = Notes::default();
        notes.add("top_k dropped");
        notes.add("seed, logit_bias dropped");
        let trace = Trace {
            requested: Some("fast".to_owned()),
            route: Some(Route { kind: RouteKind::Alias, name: "fast".to_owned(), strategy: Some("ordered") }),
            skipped: vec![
                skipped("a/x", &[SkipReason::Cooldown, SkipReason::QuotaExhausted]),
                skipped("b/y", &[SkipReason::FormatIncompatible]),
            ],
            attempts: vec![
                attempted("c/z", Some(503), Some(FailureClass::TemporaryError), 1),
                attempted("c/z", None, Some(FailureClass::Timeout), 2),
                attempted("d/org/w:free", Some(200), None, 1),
            ],
            selected: Some("d/org/w:free".to_owned()),
            reason: Some("first of ordered"),
            translation: Some(Translation { upstream: Wire::Messages, notes }),
        };
        let shown: Vec<String> =
            headers(&trace).into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let expected = [
            "x-llm-router-requested-model: fast",
            "x-llm-router-route-type: alias",
            "x-llm-router-route-ref: fast",
            "x-llm-router-route-strategy: ordered",
            "x-llm-router-selected-candidate: d/org/w:free",
            "x-llm-router-reason: first of ordered",
            "x-llm-router-skipped-candidates: a/x:cooldown+quota-exhausted, b/y:format-incompatible",
            "x-llm-router-attempts: c/z:503/temporary_error#1, c/z:none/timeout#2, d/org/w:free:200/ok#1",
            "x-llm-router-upstream-format: claude",
            "x-llm-router-losses: top_k dropped, seed%2C logit_bias dropped",
        ];
        assert_eq!(shown, expected);
        assert!(headers(&trace).iter().all(|(name, _)| NAMES.contains(name)));
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        assert_eq!(headers(&Trace::default()), Vec::new());
        let blank = Trace { requested: Some(String::new()), ..Trace::default() };
        assert_eq!(headers(&blank), [(ROUTE_TYPE, "unknown".to_owned())]);
    }

    #[test]
    fn names_cannot_break_out() {
        for (name, shown) in [
            ("a\r\nset-cookie: x=1", "a%0D%0Aset-cookie:%20x=1"),
            ("a\0\u{7f}\t", "a%00%7F%09"),
            ("a,b:200/ok#1", "a%2Cb:200/ok#1"),
            ("100%", "100%25"),
            ("模型é\u{85}", "%E6%A8%A1%E5%9E%8B%C3%A9%C2%85"),
            (" x ", "%20x%20"),
        ] {
            let trace = Trace { requested: Some(name.to_owned()), ..Trace::default() };
            assert_eq!(only(REQUESTED_MODEL, &trace), shown, "{name:?}");
        }
    }

    #[test]
    fn values_and_lists_have_an_end() {
        let long = Trace { requested: Some("m".repeat(1 << 20)), ..Trace::default() };
        let value = only(REQUESTED_MODEL, &long);
        assert_eq!((value.len(), value.ends_with("mm...")), (VALUE_MAX, true));
        let wide = Trace { requested: Some("模".repeat(1_000)), ..Trace::default() };
        let value = only(REQUESTED_MODEL, &wide);
        let whole = value.strip_suffix(CUT).unwrap();
        assert!(whole.len().is_multiple_of(3) && value.len() > VALUE_MAX - 3, "{value}");
        let many = (0..20).map(|n| attempted(&format!("p/m{n}"), Some(200), None, 1)).collect();
        let value = only(ATTEMPTS, &Trace { attempts: many, ..Trace::default() });
        assert_eq!(value.split(", ").count(), ITEMS_MAX);
        assert!(value.starts_with("p/m0:200/ok#1, ") && value.ends_with("p/m7:200/ok#1"), "{value}");
    }

    proptest! {
        #[test]
        fn any_name_makes_a_header(names in prop::collection::vec(any::<String>(), 0..12), repeat in 1..40_usize) {
            let name = |index: usize| names.get(index).map(|name| name.repeat(repeat));
            let trace = Trace {
                requested: name(0),
                route: name(1).map(|name| Route { kind: RouteKind::Direct, name, strategy: None }),
                skipped: names.iter().map(|name| skipped(name, &[SkipReason::Cooldown])).collect(),
                attempts: names.iter().map(|name| attempted(name, None, None, 1)).collect(),
                selected: name(2),
                reason: None,
                translation: None,
            };
            for (name, value) in headers(&trace) {
                prop_assert!(value.len() <= VALUE_MAX, "{name}");
                prop_assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name}: {value}");
                prop_assert!(value.split(',').count() <= ITEMS_MAX);
                prop_assert_eq!(value.trim(), &value);
            }
        }
    }
}
