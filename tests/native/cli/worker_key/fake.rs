//! Cloudflare's API as far as `worker-key` uses it, and the gateway behind it: what opens it is what is bound to
//! the version that is live. All in memory, on one port.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "cf-token-0123456789abcdef";
pub(crate) const ACCOUNT: &str = "acc0123";
pub(crate) const SCRIPT: &str = "llm-router";
pub(crate) const OLD_KEY: &str = "gw_Old7hQ2mZ9pL4xV8cB1nK6tR3wY";

/// How a call goes wrong; with status 0 it does not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) status: u16,
    pub(crate) code: u32,
    /// What was asked for is done all the same.
    pub(crate) done: bool,
}

/// What the fake is made of, open to tests.
pub(crate) struct World {
    /// Id and bindings, oldest first.
    pub(crate) versions: Vec<(String, Vec<Value>)>,
    pub(crate) live: String,
    /// `METHOD path` below the script, or below the API, in order.
    pub(crate) calls: Vec<String>,
    /// For calls that end so: taken one by one.
    pub(crate) faults: Vec<(&'static str, VecDeque<Fault>)>,
    /// The gateway goes on as the version before for so many requests.
    pub(crate) delay: u32,
    /// What the gateway answers instead, if anything.
    pub(crate) instead: Option<u16>,
    /// The same once there is a second version.
    pub(crate) broken_after: Option<u16>,
    pub(crate) domains: Vec<String>,
    /// Pattern and script.
    pub(crate) routes: Vec<(String, String)>,
    /// Which script has a domain, where it was told.
    services: HashMap<String, String>,
    /// Headers of the last request to the gateway.
    pub(crate) seen: Vec<(String, String)>,
}

#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) origin: String,
    world: Arc<Mutex<World>>,
}

impl Fake {
    /// One Worker, whose key is [`OLD_KEY`].
    pub(crate) async fn start() -> Self {
        let fake = Self::empty().await;
        fake.world().versions.push(("version-1".to_owned(), bindings()));
        "version-1".clone_into(&mut fake.world().live);
        fake
    }

    /// An account without Workers.
    pub(crate) async fn empty() -> Self {
        let world = World {
            versions: Vec::new(),
            live: String::new(),
            calls: Vec::new(),
            faults: Vec::new(),
            delay: 0,
            instead: None,
            broken_after: None,
            domains: Vec::new(),
            routes: Vec::new(),
            services: HashMap::new(),
            seen: Vec::new(),
        };
        let world = Arc::new(Mutex::new(world));
        let app = Router::new().fallback(answer).with_state(Arc::clone(&world));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { origin, world }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Value of a binding of the live version.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.world().bound(name)
    }

    pub(crate) fn fail(&self, call: &'static str, faults: &[Fault]) {
        self.world().faults.push((call, faults.iter().copied().collect()));
    }

    /// Calls that change something.
    pub(crate) fn changes(&self) -> Vec<String> {
        let calls = self.world().calls.clone();
        calls.into_iter().filter(|call| !call.starts_with("GET ")).collect()
    }
}

fn bindings() -> Vec<Value> {
    vec![
        json!({ "name": "PROVIDERS", "type": "durable_object_namespace", "class_name": "ProviderObject" }),
        json!({ "name": "LLM_ROUTER_CONFIG_JSON", "type": "secret_text", "text": "{}" }),
        json!({ "name": "LLM_ROUTER_MASTER_KEY", "type": "secret_text", "text": OLD_KEY }),
        json!({ "name": "SOMEBODY_ELSES", "type": "kv_namespace", "namespace_id": "ns" }),
    ]
}

impl World {
    fn live_bindings(&self) -> &[Value] {
        self.versions.iter().find(|(id, _)| *id == self.live).map_or(&[], |(_, bindings)| bindings)
    }

    fn bound(&self, name: &str) -> Option<String> {
        let binding = self.live_bindings().iter().find(|binding| binding["name"] == name)?;
        binding["text"].as_str().map(str::to_owned)
    }

    fn fault(&mut self, call: &str) -> Option<Fault> {
        let faults = self.faults.iter_mut().find(|(end, _)| call.ends_with(end));
        faults.and_then(|(_, faults)| faults.pop_front())
    }

    /// A new version with these bindings, inherited ones of the newest version resolved.
    fn add(&mut self, bindings: &[Value]) -> Result<String, String> {
        let before = self.versions.last().map(|(_, bindings)| bindings.clone()).unwrap_or_default();
        let resolve = |binding: &Value| {
            if binding["type"] != "inherit" {
                return Ok(binding.clone());
            }
            assert!(binding.get("version_id").is_none(), "only the newest can be inherited from");
            let name = binding.get("old_name").unwrap_or(&binding["name"]);
            let old = before.iter().find(|old| old["name"] == *name);
            let mut old = old.cloned().ok_or_else(|| format!("inherit binding {name} is invalid"))?;
            old["name"] = binding["name"].clone();
            Ok(old)
        };
        let bindings = bindings.iter().map(resolve).collect::<Result<Vec<_>, String>>()?;
        let id = format!("version-{}", self.versions.len() + 1);
        self.versions.push((id.clone(), bindings));
        Ok(id)
    }

    /// The master keys of all versions, without repetitions.
    pub(crate) fn keys(&self) -> Vec<String> {
        let all = self.versions.iter().flat_map(|(_, bindings)| bindings);
        let mut keys: Vec<String> = all
            .filter(|binding| binding["name"] == "LLM_ROUTER_MASTER_KEY")
            .filter_map(|binding| binding["text"].as_str().map(str::to_owned))
            .collect();
        keys.dedup();
        keys
    }

    /// As the gateway lists them.
    fn models(&self) -> Vec<Value> {
        let config =
            self.bound("LLM_ROUTER_CONFIG_JSON").and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let config = config.unwrap_or_default();
        let providers = config["providers"].as_array().into_iter().flatten();
        let models = providers.flat_map(|provider| {
            let models = provider["models"].as_array().into_iter().flatten();
            models.map(|model| json!({ "id": format!("{}/{}", provider["id"].as_str().unwrap(), model["id"].as_str().unwrap()) }))
        });
        models.collect()
    }

    /// Whether a key opens the gateway.
    fn opens(&self, key: &str) -> bool {
        if self.bound("LLM_ROUTER_MASTER_KEY").as_deref() == Some(key) {
            return true;
        }
        let until = self.bound("LLM_ROUTER_MASTER_KEY_PREVIOUS_UNTIL");
        let until = until.and_then(|until| DateTime::parse_from_rfc3339(&until).ok());
        let now = std::time::SystemTime::now();
        self.bound("LLM_ROUTER_MASTER_KEY_PREVIOUS").as_deref() == Some(key)
            && until.is_some_and(|until| std::time::SystemTime::from(until) > now)
    }
}

async fn answer(State(world): State<Arc<Mutex<World>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let query = head.uri.query().unwrap_or_default().to_owned();
    let bearer = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned();
    let body = axum::body::to_bytes(body, 16 << 20).await.unwrap();
    let mut world = world.lock().unwrap();
    let Some(path) = path.strip_prefix("/client/v4") else {
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        world.seen = head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        return match head.uri.path() {
            "/health" => axum::Json(json!({ "status": "ok" })).into_response(),
            // For whoever plays the password manager.
            "/live-key" => world.bound("LLM_ROUTER_MASTER_KEY").unwrap_or_default().into_response(),
            path => gateway(&mut world, &bearer, path),
        };
    };
    let call = format!("{} {path}", head.method);
    world.calls.push(if query.is_empty() { call.clone() } else { format!("{call}?{query}") });
    if bearer != TOKEN {
        return refuse(403, 10000);
    }
    let fault = world.fault(&call);
    if let Some(Fault { status, code, done: false }) = fault {
        return refuse(status, code);
    }
    let answer = api(&mut world, &head.method, path, &query, &body);
    match fault {
        Some(Fault { status: 0, .. }) | None => answer,
        Some(Fault { status, code, .. }) => refuse(status, code),
    }
}

fn api(world: &mut World, method: &Method, path: &str, query: &str, body: &[u8]) -> Response {
    let script = format!("/accounts/{ACCOUNT}/workers/scripts/");
    let rest = path.strip_prefix(&script).and_then(|rest| rest.split_once('/'));
    match (method.as_str(), path, rest) {
        ("GET", "/user/tokens/verify", _) => ok(&json!({ "id": "t", "status": "active" })),
        ("GET", "/memberships", _) => {
            ok(&json!([{ "id": "m", "account": { "id": ACCOUNT, "name": "Mine" } }]))
        }
        ("GET", path, None) if path.ends_with("/workers/domains") => {
            let service =
                if query.contains("llm-router-production") { "llm-router-production" } else { SCRIPT };
            let domain = |host: &String| {
                let service = world.services.get(host).map_or(service, String::as_str);
                json!({ "id": host, "hostname": host, "service": service })
            };
            ok(&world.domains.iter().map(domain).collect())
        }
        ("PUT", path, None) if path.ends_with("/workers/domains") => {
            let mut domain: Value = serde_json::from_slice(body).unwrap();
            domain["id"] = domain["hostname"].clone();
            let host = domain["hostname"].as_str().unwrap().to_owned();
            world.services.insert(host.clone(), domain["service"].as_str().unwrap().to_owned());
            world.domains.push(host);
            ok(&domain)
        }
        ("GET", path, None) if path.ends_with("/workers/scripts") => ok(&json!([])),
        ("GET", "/zones", _) if query.contains("name=example.com") => {
            ok(&json!([{ "id": "zone", "name": "example.com" }]))
        }
        ("GET", "/zones", _) => ok(&json!([])),
        ("GET", "/zones/zone/workers/routes", _) => {
            let route = |(pattern, script): &(String, String)| json!({ "id": pattern, "pattern": pattern, "script": script });
            ok(&world.routes.iter().map(route).collect())
        }
        ("POST", "/zones/zone/workers/routes", _) => {
            let mut route: Value = serde_json::from_slice(body).unwrap();
            let text = |name: &str| route[name].as_str().unwrap().to_owned();
            world.routes.push((text("pattern"), text("script")));
            route["id"] = route["pattern"].clone();
            ok(&route)
        }
        ("PUT", path, None) if path.starts_with(&script) => {
            let id = world.add(field(body, "metadata")["bindings"].as_array().unwrap()).unwrap();
            world.live = id;
            ok(&json!({}))
        }
        (_, _, Some(_)) if world.versions.is_empty() => refuse(404, 10007),
        ("GET", path, None) if path.ends_with("/workers/subdomain") => ok(&json!({ "subdomain": "sub" })),
        (_, _, Some((name, _))) if !name.starts_with(SCRIPT) => refuse(404, 10007),
        ("GET", _, Some((_, "deployments"))) => ok(&json!({ "deployments": [
            { "id": "d", "versions": [{ "version_id": world.live, "percentage": 100 }] },
        ] })),
        ("GET", _, Some((_, "versions"))) => {
            let item = |(id, _): &(String, Vec<Value>)| json!({ "id": id, "metadata": {}, "number": 1 });
            ok(&json!({ "items": world.versions.iter().rev().map(item).collect::<Value>() }))
        }
        ("GET", _, Some((_, version))) if version.starts_with("versions/") => {
            let id = version.trim_start_matches("versions/");
            let Some((_, bindings)) = world.versions.iter().find(|(known, _)| known == id) else {
                return refuse(404, 10007);
            };
            let told = |binding: &Value| {
                let mut binding = binding.clone();
                if binding["type"] == "secret_text" {
                    binding.as_object_mut().unwrap().remove("text");
                }
                binding
            };
            let bindings: Vec<Value> = bindings.iter().map(told).collect();
            ok(&json!({ "id": id, "resources": { "bindings": bindings } }))
        }
        ("POST", _, Some((_, "versions"))) => {
            let id = world.add(field(body, "metadata")["bindings"].as_array().unwrap()).unwrap();
            ok(&json!({ "id": id }))
        }
        ("GET" | "PATCH", _, Some((_, "script-settings"))) | ("POST", _, Some((_, "subdomain"))) => {
            ok(&json!({}))
        }
        ("GET", _, Some((_, "subdomain"))) => ok(&json!({ "enabled": false, "previews_enabled": false })),
        ("PATCH", _, Some((_, "settings"))) => {
            if world.versions.last().unwrap().0 != world.live {
                return refuse(400, 10215);
            }
            let settings = field(body, "settings");
            assert_eq!(settings.as_object().unwrap().len(), 2, "bindings and a message: {settings}");
            match world.add(settings["bindings"].as_array().unwrap()) {
                Ok(id) => world.live = id,
                Err(_) => return refuse(400, 10057),
            }
            ok(&json!({}))
        }
        ("POST", _, Some((_, "deployments"))) => {
            let body: Value = serde_json::from_slice(body).unwrap();
            let version = body["versions"][0]["version_id"].as_str().unwrap();
            let newest = world.versions.last().is_some_and(|(id, _)| id == version);
            assert!(newest || query == "force=true", "secrets differ");
            version.clone_into(&mut world.live);
            ok(&json!({}))
        }
        _ => refuse(404, 7003),
    }
}

/// A JSON field of a form.
fn field(body: &[u8], name: &str) -> Value {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once(&format!("name=\"{name}\"")).unwrap();
    let (_, content) = rest.split_once("\r\n\r\n").unwrap();
    let (content, _) = content.split_once("\r\n--").unwrap();
    serde_json::from_str(content).unwrap()
}

fn gateway(world: &mut World, key: &str, path: &str) -> Response {
    let status = |status: u16| StatusCode::from_u16(status).unwrap();
    let error = |code: u16, message: &str, name: Value| {
        let body = json!({ "error": { "message": message, "type": "t", "code": name } });
        (status(code), axum::Json(body)).into_response()
    };
    if let Some(code) = world.instead.or(world.broken_after.filter(|_| world.live != "version-1")) {
        return error(code, "something else", Value::Null);
    }
    let live = world.live.clone();
    if world.delay > 0 && live != "version-1" {
        world.delay -= 1;
        "version-1".clone_into(&mut world.live);
    }
    let opens = world.opens(key);
    let keyless = world.bound("LLM_ROUTER_MASTER_KEY").is_none() && world.bound("CONFIG_KEY").is_none();
    let opens = opens
        || world.bound("CONFIG_KEY").as_deref() == Some(key)
            && world.bound("LLM_ROUTER_MASTER_KEY").is_none();
    world.live = live;
    match (keyless, opens) {
        (true, _) => error(503, "This gateway is not open for requests", Value::Null),
        (false, true) if path == "/v1/status" => axum::Json(super::super::status::document()).into_response(),
        (false, true) => axum::Json(json!({ "object": "list", "data": world.models() })).into_response(),
        (false, false) => error(401, "Unauthorized", "invalid_api_key".into()),
    }
}

fn ok(result: &Value) -> Response {
    let body = json!({ "success": true, "errors": [], "messages": [], "result": result });
    axum::Json(body).into_response()
}

fn refuse(status: u16, code: u32) -> Response {
    let error = json!({ "code": code, "message": "no" });
    let body = json!({ "success": false, "errors": [error], "messages": [], "result": null });
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}
