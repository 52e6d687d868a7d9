//! Taking orders from other commands, over a socket that only its owner can reach.
//!
//! The control socket leads to the Worker. A new config has to pass through this process, which starts the
//! next workerd with it, so `reload` asks here.

use std::io;
use std::path::Path;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde::{Deserialize, Serialize};
use tokio::net::UnixListener;
use tokio::sync::{mpsc, oneshot};

/// Where a reload is asked for.
pub(crate) const RELOAD: &str = "/reload";

/// What became of a reload.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Reloaded {
    /// Whether the file's config is the one that runs.
    pub(crate) ok: bool,
    /// Whether another one ran before.
    pub(crate) changed: bool,
    pub(crate) providers: usize,
    /// Why it is not.
    pub(crate) problems: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// Somebody who waits for the end of a reload.
pub(super) type Asker = oneshot::Sender<Reloaded>;

/// Passes orders on until the process ends.
pub(super) fn listen(socket: &Path, askers: mpsc::Sender<Asker>) -> io::Result<()> {
    // One that was killed leaves its socket behind. The lock is ours, so nobody listens on it.
    let _ = std::fs::remove_file(socket);
    let listener = UnixListener::bind(socket)?;
    let router = Router::new().route(RELOAD, post(reload)).with_state(askers);
    tokio::spawn(async move {
        let _ = axum::serve(listener, router).await;
    });
    Ok(())
}

async fn reload(State(askers): State<mpsc::Sender<Asker>>) -> Result<axum::Json<Reloaded>, StatusCode> {
    let (asker, answer) = oneshot::channel();
    askers.send(asker).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    answer.await.map(axum::Json).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
}
