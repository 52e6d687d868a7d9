//! What every answer of the API is wrapped in: `{success, errors, messages, result, result_info?}`.

use serde::Deserialize;
use serde_json::Value;

/// An answer, unwrapped.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    pub(super) result: Value,
    /// What has to be asked for next, of a list that goes on.
    pub(super) next: Option<Next>,
}

/// Where a list goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Page(u64),
    Cursor(String),
}

/// One reason for a no.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Reason {
    pub(crate) code: u32,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) error_chain: Vec<Reason>,
}

/// Why there is nothing to unwrap.
#[derive(Debug)]
pub(super) enum NoResult {
    Refused(Vec<Reason>),
    /// It is no answer of the API.
    Foreign,
}

#[derive(Deserialize)]
struct Wrapped {
    success: bool,
    #[serde(default)]
    errors: Option<Vec<Reason>>,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    result_info: Option<Info>,
}

#[derive(Deserialize)]
struct Info {
    page: Option<u64>,
    total_pages: Option<u64>,
    per_page: Option<u64>,
    total_count: Option<u64>,
    cursor: Option<String>,
}

/// Unwraps a body. An empty one is an answer without a result (204, 205).
pub(super) fn open(body: &[u8]) -> Result<Envelope, NoResult> {
    if body.is_empty() {
        return Ok(Envelope::default());
    }
    let wrapped: Wrapped = serde_json::from_slice(body).map_err(|_| NoResult::Foreign)?;
    if !wrapped.success {
        return Err(NoResult::Refused(wrapped.errors.unwrap_or_default()));
    }
    let next = wrapped.result_info.and_then(Info::next);
    Ok(Envelope { result: wrapped.result, next })
}

impl Info {
    fn next(self) -> Option<Next> {
        if let Some(cursor) = self.cursor.filter(|cursor| !cursor.is_empty()) {
            return Some(Next::Cursor(cursor));
        }
        let page = self.page?;
        let pages = self.total_pages.or_else(|| {
            let per_page = self.per_page.filter(|per_page| *per_page > 0)?;
            Some(self.total_count?.div_ceil(per_page))
        })?;
        (page < pages).then_some(Next::Page(page + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(info: &str) -> Option<Next> {
        open(format!(r#"{{"success":true,"errors":[],"result":[],"result_info":{info}}}"#).as_bytes())
            .unwrap()
            .next
    }

    #[test]
    fn lists_say_how_they_go_on() {
        assert_eq!(next("null"), None);
        assert_eq!(next(r#"{"page":1,"per_page":20,"total_count":20}"#), None);
        assert_eq!(next(r#"{"page":1,"per_page":20,"total_count":21}"#), Some(Next::Page(2)));
        assert_eq!(next(r#"{"page":2,"total_pages":2}"#), None);
        assert_eq!(next(r#"{"cursor":"c"}"#), Some(Next::Cursor("c".to_owned())));
        assert_eq!(next(r#"{"cursor":""}"#), None);
        assert_eq!(next(r#"{"page":1,"per_page":0,"total_count":9}"#), None);
    }

    #[test]
    fn a_no_has_its_reasons() {
        let body = br#"{"success":false,"errors":[{"code":10007,"message":"m"}],"result":null}"#;
        let NoResult::Refused(reasons) = open(body).unwrap_err() else { panic!("not refused") };
        assert_eq!((reasons[0].code, reasons[0].message.as_str()), (10007, "m"));
        assert!(matches!(open(b"<html>"), Err(NoResult::Foreign)));
        assert!(matches!(open(b"{}"), Err(NoResult::Foreign)));
        assert!(open(b"").unwrap().result.is_null());
    }
}
