//! Does a model answer in a format?

use super::answer::{Answer, Outcome};
use super::ask::Ask;
use super::event::Step;
use super::pace::Clock;
use super::report::{ModelReport, ModelStanding};
use super::session::{Call, Session};
use super::shape;
use super::target::Target;
use crate::wire::Wire;
use crate::wire::error::Kind;

/// Times that a request is changed for a model that refuses it.
const CHANGES_MAX: usize = 4;

/// Asks one model, in the words it wants, with the spelling of the key that is taken. What is learnt about
/// the key goes into `target`.
pub(super) async fn ask<C: Clock>(
    session: &mut Session<'_, C>,
    target: &mut Target,
    step: Step,
    model: &str,
) -> ModelReport {
    let wire = target.wire;
    let mut ask = Ask::first(wire);
    let mut changes = 0;
    loop {
        let call = Call {
            step,
            wire,
            auth: target.auth,
            url: target.place.url.clone(),
            body: Some(ask.body(wire, model)),
            model: Some(model),
            notes: ask.notes(wire),
        };
        let outcome = session.send(&call).await;
        let (standing, why) = read(wire, &outcome);
        if let Some(changed) = change(ask, wire, &outcome).filter(|_| changes < CHANGES_MAX) {
            session.conclude(&call, &format!("asked again with {}", changed.notes(wire).join(", ")));
            ask = changed;
            changes += 1;
            continue;
        }
        if matches!(standing, ModelStanding::KeyRefused | ModelStanding::Forbidden)
            && let Some(other) = target.other_auth()
        {
            session.conclude(&call, &format!("key refused; asked again with it as {}", other.name()));
            target.auth = other;
            continue;
        }
        if standing == ModelStanding::Answers {
            session.bill();
        }
        session.conclude(&call, said_of(standing));
        let why = session.scrub.clean(&why);
        return ModelReport { model: model.to_owned(), standing, why, notes: ask.notes(wire) };
    }
}

fn change(ask: Ask, wire: Wire, outcome: &Outcome) -> Option<Ask> {
    let Outcome::Answer(answer) = outcome else { return None };
    let told = answer.told.as_ref()?;
    // Only what is wrong with the request: a busy server may name its limits as well.
    let about_request =
        matches!(told.kind, Kind::InvalidRequest | Kind::MaxTokens | Kind::Api) && !ran_out(&told.text);
    about_request.then(|| ask.changed(wire, &answer.text)).flatten()
}

fn read(wire: Wire, outcome: &Outcome) -> (ModelStanding, String) {
    match outcome {
        Outcome::Unreachable(reason) => (ModelStanding::Unreachable, reason.clone()),
        Outcome::Broken(reason) => (ModelStanding::ServerError, reason.clone()),
        Outcome::TimedOut(_) => (ModelStanding::TimedOut, "no answer in time".to_owned()),
        Outcome::Answer(answer) => (read_answer(wire, answer), answer.said()),
    }
}

fn read_answer(wire: Wire, answer: &Answer) -> ModelStanding {
    if let Some(document) = answer.good() {
        let fits = shape::is_answer(wire, document);
        return if fits { ModelStanding::Answers } else { ModelStanding::OtherFormat };
    }
    let Some(told) = &answer.told else { return ModelStanding::OtherFormat };
    match told.kind {
        Kind::Authentication => ModelStanding::KeyRefused,
        Kind::Permission => ModelStanding::Forbidden,
        Kind::Billing => ModelStanding::NoCredit,
        Kind::RateLimit | Kind::Overloaded => ModelStanding::RateLimited,
        Kind::RequestTimeout | Kind::Timeout => ModelStanding::TimedOut,
        _ if ran_out(&told.text) => ModelStanding::Answers,
        _ if wants_other_format(&told.text) => ModelStanding::OtherFormat,
        Kind::ModelNotFound => ModelStanding::NoSuchModel,
        Kind::NotFound => ModelStanding::OtherFormat,
        _ if knows_no_model(&told.text) => ModelStanding::NoSuchModel,
        Kind::Api | Kind::ProviderUnavailable | Kind::Unavailable => ModelStanding::ServerError,
        _ => ModelStanding::Refused,
    }
}

/// A model that thinks may need more than one token for it, and some say so with an error: it did answer.
fn ran_out(text: &str) -> bool {
    text.contains("could not finish the message")
        || (text.contains("output limit was reached") && text.contains("max_tokens"))
}

fn wants_other_format(text: &str) -> bool {
    const OTHER: [&str; 8] = [
        "not a chat model",
        "only supported in v1/",
        "not supported in the v1/",
        "did you mean to use v1/",
        "not supported with the responses api",
        "does not support chat",
        "not support this api",
        "use the responses api",
    ];
    OTHER.iter().any(|words| text.contains(words))
}

fn knows_no_model(text: &str) -> bool {
    const UNKNOWN: [&str; 9] = [
        "not exist",
        "not found",
        "unknown model",
        "invalid model",
        "not a valid model",
        "unsupported model",
        "model not supported",
        "not supported model",
        "no such model",
    ];
    text.contains("model") && UNKNOWN.iter().any(|words| text.contains(words))
}

/// For people.
pub(super) fn said_of(standing: ModelStanding) -> &'static str {
    match standing {
        ModelStanding::Answers => "answers",
        ModelStanding::NoSuchModel => "no such model",
        ModelStanding::OtherFormat => "not in this format",
        ModelStanding::KeyRefused => "key refused",
        ModelStanding::Forbidden => "not for this key",
        ModelStanding::NoCredit => "key valid, no credit",
        ModelStanding::RateLimited => "rate limited",
        ModelStanding::Refused => "request refused",
        ModelStanding::ServerError => "the provider failed",
        ModelStanding::TimedOut => "no answer in time",
        ModelStanding::Unreachable => "unreachable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn what_real_providers_say_of_models() {
        use ModelStanding::{KeyRefused, NoCredit, NoSuchModel, Answers, OtherFormat, RateLimited, Refused, ServerError};
        for (status, body, expected) in [
            (200, r#"{"choices":[{"message":{"content":""},"finish_reason":"length"}]}"#, Answers),
            (400, r#"{"error":{"message":"Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.","type":"invalid_request_error"}}"#, Answers),
            (404, r#"{"error":{"message":"The model `m` does not exist","code":"model_not_found"}}"#, NoSuchModel),
            (400, r#"{"error":{"message":"Model Not Exist","type":"invalid_request_error"}}"#, NoSuchModel),
            (400, r#"{"error":{"message":"m is not a valid model ID","code":400}}"#, NoSuchModel),
            (404, r#"{"error":{"message":"This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?","code":null}}"#, OtherFormat),
            (404, r#"{"error":{"message":"This model is only supported in v1/responses and not in v1/chat/completions."}}"#, OtherFormat),
            (404, "<html>", OtherFormat),
            (200, "<html>", OtherFormat),
            (401, "{}", KeyRefused),
            (403, "{}", ModelStanding::Forbidden),
            (402, r#"{"error":{"message":"Insufficient Balance"}}"#, NoCredit),
            (429, r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","code":"insufficient_quota"}}"#, NoCredit),
            (200, r#"{"error":{"message":"Rate limit exceeded","code":429}}"#, RateLimited),
            (500, "{}", ServerError),
            (400, r#"{"error":{"message":"messages: too short"}}"#, Refused),
        ] {
            let outcome = Outcome::Answer(Box::new(Answer::new(status, body.as_bytes())));
            assert_eq!(read(Wire::Chat, &outcome).0, expected, "{status} {body}");
        }
    }
}
