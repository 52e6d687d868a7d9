//! What the gateway tells about itself: how its caps stand, where a request would go.
//!
//! Every provider object is asked once, read-only, and none is waited for long.

use js_sys::{Array, Reflect};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

use super::{isolate::Isolate, js, ports::now, turns::settled};
use crate::{
    config::Provider,
    deployment::PROVIDERS_BINDING,
    explain::Question,
    gateway::Early,
    ledger::standing::Inquiry,
    status::{self, Answers},
    wire::error::{ClientError, Kind},
};

/// Objects asked at once. 200 providers that all answer within 100 ms take 0.7 s.
const WIDTH: u32 = 32;
/// How long one may take: people are waiting, and the next look is seconds away.
const EACH_MS: f64 = 3_000.0;
/// How long all of them may take.
const ALL_MS: f64 = 10_000.0;

/// A document, or what is wrong with the question.
type Told = Result<String, ClientError>;

pub(super) async fn status(isolate: &Isolate, env: &JsValue, query: &str) -> Result<Told, JsValue> {
    let providers = match status::asked(&isolate.gateway.config, query) {
        Ok(providers) => providers,
        Err(error) => return Ok(Err(error)),
    };
    let inquiries = providers.iter().map(|provider| (*provider, status::inquiry(provider))).collect();
    let answers = ask(env, inquiries).await?;
    Ok(document(&status::status(&providers, &answers, now())))
}

pub(super) async fn explain(isolate: &Isolate, env: &JsValue, query: &str) -> Result<Told, JsValue> {
    let question = match Question::read(query) {
        Ok(question) => question,
        Err(error) => return Ok(Err(error)),
    };
    let outlook = match isolate.gateway.outlook(&question, now()) {
        Ok(outlook) => outlook,
        Err(Early::Unknown(error)) => return Ok(Err(error)),
        Err(Early::Answer(explanation)) => return Ok(document(&explanation)),
    };
    let answers = ask(env, outlook.inquiries()).await?;
    Ok(document(&isolate.gateway.explain(&outlook, Some(&answers), now())))
}

async fn ask(env: &JsValue, inquiries: Vec<(&Provider, Inquiry)>) -> Result<Answers, JsValue> {
    let providers = Reflect::get(env, &PROVIDERS_BINDING.into())?;
    let names = js::array(inquiries.iter().map(|(provider, _)| provider.id.as_str()));
    let questions = Array::new();
    for (_, inquiry) in &inquiries {
        let text = serde_json::to_string(inquiry).map_err(|error| JsValue::from(error.to_string()))?;
        questions.push(&text.into());
    }
    let replies = settled(js::standings(&providers, &names, &questions, WIDTH, EACH_MS, ALL_MS)).await?;
    let replies: Array = replies.dyn_into()?;
    let standing = |reply: JsValue| serde_json::from_str(&reply.as_string()?).ok();
    let answers = inquiries.iter().zip(replies.iter());
    Ok(answers.map(|((provider, _), reply)| (provider.id.clone(), standing(reply))).collect())
}

fn document(value: &impl Serialize) -> Told {
    serde_json::to_string(value).map_err(|error| ClientError::new(Kind::Api, error.to_string()))
}
