//! A gateway on loopback that answers with what is written here, and remembers what it was asked.

use std::fs::{self, File};
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

pub(super) struct Fake {
    pub(super) url: String,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    key: Option<String>,
    /// Client id and secret that Access in front lets in; it sends others to `login`.
    access: Option<(&'static str, &'static str)>,
    login: Option<&'static str>,
    /// `METHOD PATH AUTHORIZATION`, and ` CLIENT-ID:CLIENT-SECRET` where there is one
    requests: Vec<String>,
    refuses: bool,
    version: Value,
}

/// 2026-11-22T09:00:00Z
const NOW: u64 = 1_795_338_000_000;

impl Fake {
    pub(super) async fn start(key: Option<&str>) -> Self {
        let shared = Shared {
            key: key.map(str::to_owned),
            access: None,
            login: None,
            requests: Vec::new(),
            refuses: false,
            version: json!(1),
        };
        let shared = Arc::new(Mutex::new(shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, shared }
    }

    /// As `start` says that a gateway runs, until what is returned is dropped.
    pub(super) fn runs_in(&self, directory: &Path) -> File {
        runs_in(directory, &json!(self.url), None)
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.shared.lock().unwrap().requests.clone()
    }

    pub(super) fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.lock().unwrap().requests)
    }

    pub(super) fn refuse(&self, refuses: bool) {
        self.shared.lock().unwrap().refuses = refuses;
    }

    /// Puts Cloudflare Access in front; without `login` it answers 403.
    pub(super) fn behind_access(&self, token: (&'static str, &'static str), login: Option<&'static str>) {
        let mut shared = self.shared.lock().unwrap();
        (shared.access, shared.login) = (Some(token), login);
    }

    pub(super) fn answer_version(&self, version: &Value) {
        self.shared.lock().unwrap().version = version.clone();
    }
}

/// A gateway that is this process, and the lock that it holds.
pub(super) fn runs_in(directory: &Path, url: &Value, config: Option<&Path>) -> File {
    fs::create_dir_all(directory.join("run")).unwrap();
    let lock = File::create(directory.join("lock")).unwrap();
    lock.lock().unwrap();
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let ticks = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let pid = std::process::id();
    let identity = json!({ "pid": pid, "started": format!("{}/{ticks}", boot.trim()) });
    let pids = json!({ "llmRouter": pid, "url": url, "gateway": identity, "config": config });
    fs::write(directory.join("run/pids"), pids.to_string()).unwrap();
    lock
}

async fn answer(State(shared): State<Arc<Mutex<Shared>>>, request: Request) -> Response {
    let mut shared = shared.lock().unwrap();
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap());
    let authorization = header("authorization").unwrap_or("-");
    let token = header("cf-access-client-id").zip(header("cf-access-client-secret"));
    let path = request.uri().to_string();
    let shown = token.map(|(id, secret)| format!(" {id}:{secret}")).unwrap_or_default();
    shared.requests.push(format!("{} {path} {authorization}{shown}", request.method()));
    if shared.access.is_some() && shared.access != token {
        return match shared.login {
            Some(login) => (StatusCode::FOUND, [("location", login)]).into_response(),
            None => (StatusCode::FORBIDDEN, "<html>Forbidden</html>").into_response(),
        };
    }
    let error = |status: StatusCode, message: &str, param: Option<&str>| {
        let error = json!({ "error": { "message": message, "type": "t", "param": param, "code": null } });
        (status, Json(error)).into_response()
    };
    if shared.refuses {
        return error(StatusCode::SERVICE_UNAVAILABLE, "restarting", None);
    }
    if shared.key.as_ref().is_some_and(|key| authorization != format!("Bearer {key}")) {
        return error(StatusCode::UNAUTHORIZED, "Unauthorized", None);
    }
    if path.contains("alhpa") {
        let message = "There is no provider `alhpa`; did you mean `alpha`?";
        return error(StatusCode::NOT_FOUND, message, Some("provider"));
    }
    if path.contains("nope") {
        let message = "Unknown model `nope`; did you mean `team`?";
        return error(StatusCode::NOT_FOUND, message, Some("model"));
    }
    let mut document = if path.starts_with("/v1/status") { status() } else { explanation() };
    document["version"] = shared.version.clone();
    Json(document).into_response()
}

fn bucket(id: &str, name: &str, cap: u64, used: Option<u64>, resets_in_ms: u64) -> Value {
    let resets = used.map(|_| NOW + resets_in_ms);
    json!({ "id": id, "name": name, "models": ["all"], "window": { "unit": "minute", "size": 1 }, "cap": cap,
        "used": used, "remaining": used.map(|used| cap.saturating_sub(used)),
        "resets_at": resets.map(|_| "…"), "resets_at_ms": resets, "later": "a field of a newer gateway" })
}

fn provider(id: &str, name: &str, buckets: &[Value]) -> Value {
    json!({ "id": id, "name": name, "reachable": true, "buckets": buckets,
        "leased": { "leases": 0, "requests": 0, "ttl_ms": 3_000 }, "cooldowns": [], "circuits": [] })
}

pub(super) fn status() -> Value {
    const HOUR: u64 = 3_600_000;
    let mut alpha = provider(
        "alpha",
        "Alpha",
        &[
            bucket("minute", "Per minute", 40, Some(12), 28_000),
            bucket("hours", "Six hours", 600, Some(600), 3 * HOUR),
            bucket("month", "A month with a name that goes on", 20_000_000, Some(17_234_567), 207 * HOUR),
            bucket("years", "模型模型模型模型模型", 7, Some(0), 20_000 * HOUR),
        ],
    );
    let failed = |target: &str, model: &str| json!({ "target": target, "model": model, "format": "openai" });
    let with = |mut base: Value, more: Value| {
        base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        base
    };
    alpha["cooldowns"] = json!([with(
        failed("org/m-large:free@openai", "org/m-large:free"),
        json!({ "reason": "rate_limited", "until": "…", "until_ms": NOW + 28_000 })
    )]);
    alpha["leased"] = json!({ "leases": 2, "requests": 12, "ttl_ms": 3_000 });
    alpha["circuits"] = json!([
        with(
            failed("m-small@openai", "m-small"),
            json!({ "state": "open", "failures": 2, "until": "…", "until_ms": NOW + 12_500 })
        ),
        with(
            failed("m-tiny@openai", "m-tiny"),
            json!({ "state": "half_open", "failures": 3, "until": null, "until_ms": null })
        ),
    ]);
    let mut beta = provider("beta", "beta", &[bucket("day", "Day", 400, None, 0)]);
    beta["reachable"] = json!(false);
    beta["leased"] = Value::Null;
    let mut gamma = provider("gamma", "\u{1b}[31mGamma", &[]);
    gamma["leased"] = json!({ "leases": 1_024, "requests": 1_024_000, "ttl_ms": 20_000 });
    json!({ "version": 1, "gateway": "2.0.0", "now": "2026-11-22T09:00:00.000Z", "now_ms": NOW,
        "providers": [alpha, beta, gamma] })
}

fn explanation() -> Value {
    let leaf =
        |name: &str, weight: f64| json!({ "ref": name, "weight": weight, "repeated": false, "alias": null });
    let inner = json!({ "id": "cheap", "strategy": "ordered", "targets": [leaf("gamma/m-small", 1.0)], "fallback_targets": [] });
    let twig = json!({ "ref": "alias:cheap", "weight": 0.5, "repeated": false, "alias": inner });
    let candidate = |name: &str, translated: bool, blocked: Value, buckets: &[Value]| {
        let (provider, model) = name.split_once('/').unwrap();
        let format = if translated { "openai" } else { "claude" };
        json!({ "ref": name, "provider": provider, "model": model, "upstream_format": format, "translated": translated,
            "remembered_away": false, "ready": blocked.is_null(), "blocked": blocked, "buckets": buckets })
    };
    let used_up = json!({ "reason": "quota", "detail": "minute", "until": "…", "until_ms": NOW + 28_000 });
    json!({
        "version": 1, "gateway": "2.0.0", "now": "2026-11-22T09:00:00.000Z", "now_ms": NOW, "live": true,
        "requested": "team", "format": "claude",
        "route": { "kind": "alias", "name": "team", "strategy": "auto" },
        "alias": { "id": "team", "strategy": "auto", "targets": [leaf("alpha/m-large", 2.0), twig],
            "fallback_targets": [leaf("beta/m-large", 1.0)] },
        "candidates": [
            candidate("alpha/m-large", false, used_up, &[bucket("minute", "Per minute", 40, Some(40), 28_000)]),
            candidate("gamma/m-small", true, Value::Null, &[bucket("month", "Month", 20_000, Some(9_000), 777_600_000)]),
            candidate("beta/m-large", false, json!({ "reason": "unreachable", "detail": null, "until": null, "until_ms": null }), &[]),
        ],
        "left_out": [{ "ref": "delta/x", "reason": "format-incompatible", "formats": ["openai-completions"] }],
        "outcome": "sent", "chosen": "gamma/m-small", "reason": "the first in this order that has room",
        "wait_ms": null, "error": null,
        "notes": ["turns are counted in each isolate, and the first one of an isolate is drawn by lot"],
    })
}
