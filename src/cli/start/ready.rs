//! Whether the gateway answers.

use std::time::Duration;

use reqwest::{Client, StatusCode};

/// What the first answer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    /// 200.
    Healthy,
    /// 403: it is up, and Access or its IP allowlist leaves this machine out.
    NotForUs,
}

/// Between two questions.
const PERIOD: Duration = Duration::from_millis(50);

/// For one question. The socket queues, so one may take as long as workerd needs to boot.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether it answers now.
pub(crate) async fn is_ready(base_url: &str) -> bool {
    ask(&format!("{base_url}/health")).await.is_some()
}

async fn ask(url: &str) -> Option<Ready> {
    // A new client each time: a connection of the workerd before must not be reused.
    let client = Client::builder().no_proxy().timeout(PATIENCE).build().ok()?;
    match client.get(url).send().await.ok()?.status() {
        StatusCode::OK => Some(Ready::Healthy),
        StatusCode::FORBIDDEN => Some(Ready::NotForUs),
        _ => None,
    }
}

/// Asks until there is an answer. Never returns if there is none.
pub(super) async fn wait(base_url: &str) -> Ready {
    let url = format!("{base_url}/health");
    loop {
        match ask(&url).await {
            Some(ready) => return ready,
            None => tokio::time::sleep(PERIOD).await,
        }
    }
}
