//! Lists of models: free, quick, and proof of the key.

use url::Url;

use super::answer::Outcome;
use super::event::Step;
use super::pace::Clock;
use super::session::{Call, Session};
use super::shape;
use super::variant::Variant;
use crate::wire::Wire;
use crate::wire::error::Kind;

/// Most pages of a list, and most models: what a config can hold.
const PAGES_MAX: usize = 20;
const MODELS_MAX: usize = 2_000;
/// Largest page that Anthropic gives.
const PAGE: &str = "1000";

/// Who makes a list, as far as its pages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    OpenAi,
    Anthropic,
}

impl Maker {
    pub(super) fn of(wire: Wire) -> Self {
        match wire {
            Wire::Messages => Self::Anthropic,
            Wire::Chat | Wire::Responses | Wire::Completions => Self::OpenAi,
        }
    }
}

/// A list that was asked for.
pub(super) struct List {
    pub(super) maker: Maker,
    pub(super) url: Url,
    /// `None`: there is none.
    pub(super) ids: Option<Vec<String>>,
    /// The spelling of the key that it was given for.
    pub(super) auth: Option<Variant>,
}

/// Asks for the list at `url`. `Err`: there is no connection.
pub(super) async fn ask<C: Clock>(
    session: &mut Session<'_, C>,
    wire: Wire,
    url: &Url,
    variants: &[Variant],
) -> Result<List, String> {
    let maker = Maker::of(wire);
    let mut list = List { maker, url: url.clone(), ids: None, auth: None };
    for auth in variants {
        match pages(session, wire, url, *auth).await? {
            Found::List(ids) => {
                list.ids = Some(ids);
                list.auth = Some(*auth);
                break;
            }
            Found::Refused => {}
            Found::Nothing => break,
        }
    }
    Ok(list)
}

enum Found {
    List(Vec<String>),
    Refused,
    Nothing,
}

async fn pages<C: Clock>(
    session: &mut Session<'_, C>,
    wire: Wire,
    url: &Url,
    auth: Variant,
) -> Result<Found, String> {
    let mut ids: Vec<String> = Vec::new();
    let mut after: Option<String> = None;
    for page in 0..PAGES_MAX {
        let url = page_url(url, Maker::of(wire), after.as_deref());
        let call = Call { step: Step::List, wire, auth, url, body: None, model: None, notes: Vec::new() };
        let outcome = session.send(&call).await;
        let read = match &outcome {
            Outcome::Unreachable(reason) => return Err(reason.clone()),
            Outcome::TimedOut(_) | Outcome::Broken(_) => None,
            Outcome::Answer(answer) => {
                let refused =
                    matches!(answer.kind(), Some(Kind::Authentication | Kind::Permission)) && page == 0;
                if refused {
                    session.conclude(&call, "key refused");
                    return Ok(Found::Refused);
                }
                answer.good().and_then(shape::list_page)
            }
        };
        let Some(read) = read else {
            session.conclude(&call, if page == 0 { "no list" } else { "the list ends early" });
            return Ok(if page == 0 { Found::Nothing } else { Found::List(ids) });
        };
        let known = ids.len();
        for id in read.ids {
            if !ids.contains(&id) && ids.len() < MODELS_MAX {
                ids.push(id);
            }
        }
        session.conclude(&call, &counted(ids.len()));
        after = read.after;
        // A page that brings nothing new would come again and again.
        if after.is_none() || ids.len() == known {
            break;
        }
    }
    Ok(Found::List(ids))
}

/// For people.
pub(super) fn counted(models: usize) -> String {
    if models == 1 { "1 model".to_owned() } else { format!("{models} models") }
}

fn page_url(url: &Url, maker: Maker, after: Option<&str>) -> Url {
    let mut url = url.clone();
    if maker == Maker::OpenAi && after.is_none() {
        return url;
    }
    {
        let mut query = url.query_pairs_mut();
        match (maker, after) {
            (Maker::Anthropic, None) => query.append_pair("limit", PAGE),
            (Maker::Anthropic, Some(after)) => {
                query.append_pair("limit", PAGE).append_pair("after_id", after)
            }
            (Maker::OpenAi, after) => query.append_pair("after", after.unwrap_or_default()),
        };
    }
    url
}
