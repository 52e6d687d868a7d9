//! What a gateway says to a key. The question costs nothing: a model list.

use serde_json::Value;

use crate::cli::reach::{Answer, Door};
use crate::config::Secret;
use crate::ingress::{CLOSED, CONFIG_INVALID};

/// What it says to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Opens,
    Refused,
    /// No key opens it: it has none.
    Closed,
    /// What answers is no gateway, or there is no answer.
    Something(String),
}

/// Shows it a key.
pub(super) async fn show(door: &Door, key: &Secret) -> Said {
    match door.get("/v1/models", Some(key)).await {
        Ok(answer) => read(&answer),
        Err(unheard) => Said::Something(unheard.to_string()),
    }
}

/// What an answer means. A gateway whose config is broken says so to nobody but who has the key.
fn read(answer: &Answer) -> Said {
    let Answer { status, body, .. } = answer;
    let error = answer.said(200);
    match status.as_u16() {
        200 if body.get("data").is_some_and(Value::is_array) => Said::Opens,
        500.. if error.starts_with(CONFIG_INVALID) => Said::Opens,
        401 if body.pointer("/error/code").is_some_and(|code| code == "invalid_api_key") => Said::Refused,
        503 if error == CLOSED => Said::Closed,
        300..=399 => Said::Something(format!("it redirects ({status}), as Cloudflare Access does")),
        403 => Said::Something("it answers with 403: an address list, Access or a firewall".to_owned()),
        _ => Said::Something(format!("it answers with {status} {error}").trim_end().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_those_of_a_gateway_or_something_else() {
        let error = |message: &str| json!({ "error": { "message": message } });
        for (status, body, said) in [
            (200, json!({ "object": "list", "data": [] }), Some(Said::Opens)),
            (503, error("The gateway's config is invalid: $.x"), Some(Said::Opens)),
            (401, json!({ "error": { "message": "m", "code": "invalid_api_key" } }), Some(Said::Refused)),
            (503, error("This gateway is not open for requests"), Some(Said::Closed)),
            (200, json!("hello"), None),
            (401, json!({}), None),
            (302, json!({}), None),
            (403, json!({}), None),
            (429, error("Too many wrong keys"), None),
            (503, json!({}), None),
        ] {
            let shown = format!("{status} {body}");
            let status = StatusCode::from_u16(status).unwrap();
            let read = read(&Answer { status, location: None, body });
            match said {
                Some(said) => assert_eq!(read, said, "{shown}"),
                None => assert!(matches!(read, Said::Something(_)), "{shown}"),
            }
        }
    }
}
