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

/// Asks until there is an answer. Never returns if there is none.
pub(super) async fn wait(base_url: &str) -> Ready {
    let url = format!("{base_url}/health");
    loop {
        // A new client each time: a connection of the workerd before must not be reused.
        let answer = match Client::builder().no_proxy().timeout(PATIENCE).build() {
            Ok(client) => client.get(&url).send().await.map(|response| response.status()),
            Err(error) => Err(error),
        };
        match answer {
            Ok(StatusCode::OK) => return Ready::Healthy,
            Ok(StatusCode::FORBIDDEN) => return Ready::NotForUs,
            Ok(_) | Err(_) => tokio::time::sleep(PERIOD).await,
        }
    }
}
