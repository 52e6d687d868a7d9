//! Sampling and stop sequences for Anthropic's format.

use serde_json::{Map, Value};

use crate::translate::{Notes, Refusal, Traits};

/// What a client asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sampling {
    /// 0 to 2, in OpenAI's formats.
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<u64>,
}

/// Writes what the model takes to `body`. `allowed`: see [`super::thinking::Plan::sampling`].
pub fn write(
    asked: Sampling,
    allowed: bool,
    traits: &Traits,
    body: &mut Map<String, Value>,
    notes: &mut Notes,
) {
    let Sampling { mut temperature, mut top_p, top_k } = asked;
    let says = |value: Option<f64>| value.is_some_and(|value| (value - 1.0).abs() > f64::EPSILON);
    if !allowed {
        if says(temperature) || says(top_p) || top_k.is_some() {
            notes.add(
                "temperature, top_p, top_k dropped: the model does not take them, or not while it thinks",
            );
        }
        return;
    }
    if temperature.is_some_and(|temperature| temperature > 1.0) {
        notes.add("temperature lowered to 1");
        temperature = Some(1.0);
    }
    if traits.claude && temperature.is_some() && top_p.is_some() {
        // One is the default of both: what says nothing goes first.
        if says(temperature) && says(top_p) {
            notes.add("top_p dropped: the model takes it or temperature");
        }
        if says(temperature) { top_p = None } else { temperature = None }
    }
    let fractions = [("temperature", temperature), ("top_p", top_p)];
    for (key, value) in fractions.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        body.insert(key.to_owned(), value.into());
    }
    if let Some(top_k) = top_k {
        body.insert("top_k".to_owned(), top_k.into());
    }
}

/// `stop_sequences` from a string or a list of strings. Blank ones are an error at Anthropic.
pub fn stop_sequences(
    stop: Option<&Value>,
    path: &str,
    traits: &Traits,
    notes: &mut Notes,
) -> Result<Option<Value>, Refusal> {
    let wrong = || Refusal::new(path, format!("`{path}` must be a string or an array of strings"));
    let all: Vec<&str> = match stop {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(list)) => {
            list.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(wrong)?
        }
        Some(_) => return Err(wrong()),
    };
    let visible: Vec<&str> = all.iter().copied().filter(|text| !text.trim().is_empty()).collect();
    if visible.len() < all.len() {
        notes.add("blank stop sequences dropped");
    }
    if !visible.is_empty() && !traits.stop {
        notes.add("stop sequences dropped: the model takes none");
        return Ok(None);
    }
    Ok((!visible.is_empty()).then(|| visible.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(temperature: Option<f64>, top_p: Option<f64>, allowed: bool) -> (Value, usize) {
        let (mut body, mut notes) = (Map::new(), Notes::default());
        let claude = Traits { claude: true, ..Traits::default() };
        let asked = Sampling { temperature, top_p, top_k: None };
        write(asked, allowed, &claude, &mut body, &mut notes);
        (body.into(), notes.list().len())
    }

    #[test]
    fn edge_15_sampling_only_where_it_is_taken() {
        assert_eq!(written(Some(0.7), None, true), (json!({ "temperature": 0.7 }), 0));
        assert_eq!(written(Some(1.6), None, true), (json!({ "temperature": 1.0 }), 1));
        assert_eq!(written(Some(0.0), Some(0.5), true), (json!({ "temperature": 0.0 }), 1));
        assert_eq!(written(Some(1.0), Some(0.5), true), (json!({ "top_p": 0.5 }), 0));
        assert_eq!(written(Some(0.5), Some(1.0), true), (json!({ "temperature": 0.5 }), 0));
        assert_eq!(written(Some(1.0), None, true), (json!({ "temperature": 1.0 }), 0));
        assert_eq!(written(Some(0.7), Some(0.5), false), (json!({}), 1));
        assert_eq!(written(Some(1.0), Some(1.0), false), (json!({}), 0));
    }

    #[test]
    fn edge_27_blank_stop_sequences_are_removed() {
        let stop =
            |value: Value| stop_sequences(Some(&value), "stop", &Traits::default(), &mut Notes::default());
        assert_eq!(stop(json!("END")), Ok(Some(json!(["END"]))));
        assert_eq!(stop(json!(["a", "", "\n\n", "b"])), Ok(Some(json!(["a", "b"]))));
        assert_eq!(stop(json!(["\n"])), Ok(None));
        assert_eq!(stop(json!(null)), Ok(None));
        assert!(stop(json!([1])).is_err() && stop(json!(1)).is_err());
    }
}
