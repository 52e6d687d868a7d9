//! `count_tokens`: asked of a provider that can count, estimated otherwise. It reserves nothing: no provider
//! counts it as a request.

use super::{Content, Gateway, Reply, Request};
use crate::{
    ingress::Head,
    ports::{Attempt, Outgoing, Ports, ReadBody},
    route::{Moment, Wish, plan},
    trace::Trace,
    translate::{headers::translate_headers, parts::estimate::input_tokens},
    upstream::Destination,
    wire::Wire,
};

/// How long a provider may take; an estimate at once is better than the exact number late.
const PATIENCE_MS: u64 = 10_000;

/// Longest answer, in bytes: a number, and what a provider may have to say about it.
const ANSWER_MAX: usize = 64 << 10;

/// Tells that the number is the gateway's own guess.
pub const ESTIMATED: (&str, &str) = ("x-llm-router-estimated", "true");

impl Gateway {
    /// Answers `{"input_tokens": n}` for a Messages request.
    pub async fn count_tokens<P: Ports>(
        &self,
        ports: &P,
        head: &impl Head,
        request: &Request,
    ) -> Reply<P::Response> {
        let trace = Trace { requested: request.envelope.model.clone(), ..Trace::default() };
        let content = match self.counter(ports, request) {
            Err(refused) => Content::error(refused),
            Ok(None) => estimate(ports),
            Ok(Some(counter)) => match self.ask(ports, head, request, counter).await {
                Some(answer) => answer,
                None => estimate(ports),
            },
        };
        Reply { wire: Wire::Messages, content, trace }
    }

    /// The candidate to ask: the first that speaks Messages and is not known to rest. Nobody's turn is taken.
    fn counter(
        &self,
        ports: &impl Ports,
        request: &Request,
    ) -> Result<Option<Counter<'_>>, crate::wire::error::ClientError> {
        let wish = Wish { model: request.envelope.model.as_deref(), wire: Wire::Messages, certain: true };
        let moment = Moment { now: ports.now(), draw: 0.0, conversation: request.conversation };
        let mut memory = self.memory.borrow().clone();
        let plan = plan(&self.config, wish, &mut memory, moment).map_err(|refused| refused.error)?;
        let rested = plan.steps.len().saturating_sub(plan.away.len());
        let mut steps = plan.steps.iter().take(rested).filter(|step| step.wire == Wire::Messages);
        Ok(steps.find_map(|step| {
            let (provider, destination) = self.destination(step)?;
            Some(Counter { provider, destination: destination.ok()?, model: &step.model.id })
        }))
    }

    async fn ask<P: Ports>(
        &self,
        ports: &P,
        head: &impl Head,
        request: &Request,
        counter: Counter<'_>,
    ) -> Option<Content<P::Response>> {
        let destination =
            Destination { url: counting_url(&counter.destination.url), ..counter.destination.clone() };
        let splice = request.envelope.splice(counter.model);
        let attempt = Attempt {
            provider: counter.provider,
            wire: Wire::Messages,
            client_headers: &destination.client_headers(Wire::Messages, head),
            destination: &destination,
            body: Outgoing::Own(splice.as_ref()),
            timeout_ms: PATIENCE_MS.min(self.settings.timeouts.headers_plain_ms),
        };
        let response = ports.send(attempt).await.ok()?;
        if ports.status(&response) != 200 {
            return None;
        }
        let ReadBody { headers, body } = ports.read_success(response, ANSWER_MAX).await.ok()?;
        let answer: serde_json::Value = serde_json::from_slice(&body).ok()?;
        answer.get("input_tokens")?.as_u64()?;
        let mut headers = translate_headers(Wire::Messages, Wire::Messages, headers, ports.now().0);
        headers.retain(|(name, _)| name != "content-type");
        Some(Content::Document { stream: false, headers, body })
    }
}

struct Counter<'c> {
    provider: usize,
    destination: &'c Destination,
    model: &'c str,
}

fn estimate<R>(ports: &impl Ports) -> Content<R> {
    let body = serde_json::from_slice(&ports.body()).unwrap_or_default();
    let counted = serde_json::json!({ "input_tokens": input_tokens(&body) });
    let headers = vec![(ESTIMATED.0.to_owned(), ESTIMATED.1.to_owned())];
    Content::Document { stream: false, headers, body: counted.to_string().into_bytes() }
}

/// Below the endpoint of messages, before its query.
fn counting_url(messages: &str) -> String {
    let (path, query) =
        messages.split_once('?').map_or((messages, None), |(path, query)| (path, Some(query)));
    match query {
        Some(query) => format!("{path}/count_tokens?{query}"),
        None => format!("{path}/count_tokens"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_stay_behind_the_path() {
        assert_eq!(counting_url("https://h/v1/messages"), "https://h/v1/messages/count_tokens");
        assert_eq!(counting_url("https://h/v1/messages?a=1"), "https://h/v1/messages/count_tokens?a=1");
    }
}
