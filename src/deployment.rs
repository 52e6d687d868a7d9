//! What every host of the Worker must agree on: `start` (plain workerd), `wrangler.toml` and deployments.
//!
//! Names here are persisted contracts: renaming one silently starts every provider with an empty ledger.
//! A test holds `wrangler.toml` against them.

/// workerd behaves as of this date.
pub const COMPATIBILITY_DATE: &str = "2026-04-01";

/// Runtime flags beyond [`COMPATIBILITY_DATE`].
pub const COMPATIBILITY_FLAGS: &[&str] = &[];

/// The modules of a bundle; the first one is the main module.
pub const MODULES: [&str; 3] = ["entry.js", "index.js", "index_bg.wasm"];

/// Binding of the Durable Object namespace.
pub const PROVIDERS_BINDING: &str = "PROVIDERS";

/// Durable Object class: one object per provider, its name is the provider's id.
pub const PROVIDER_CLASS: &str = "ProviderObject";

/// Identity of the namespace in local storage (`start`).
pub const PROVIDER_UNIQUE_KEY: &str = "llm-router-provider-v1";

/// JSON binding that only `start` sets: `{"requireAuth": bool, "accessCertsUrl"?: string}`. With it the Worker knows that it is not on
/// Cloudflare: the client address is that of the connection, and authentication may be switched off.
pub const LOCAL_BINDING: &str = "LLM_ROUTER_LOCAL";

/// Entrypoint that takes a new config while requests are in flight. It answers under [`LOCAL_BINDING`] only,
/// and `start` exposes it on a Unix socket in its state directory, nowhere else.
pub const CONTROL_ENTRYPOINT: &str = "Control";

/// Variables that may hold the whole config, first non-empty one wins.
pub const CONFIG_VARIABLES: [&str; 3] = ["LLM_ROUTER_CONFIG_JSON", "ROUTE_CONFIG_JSON", "LLM_ROUTER_JSON"];

/// Prefix of the numbered parts of a config too long for one variable: `…_1`, `…_2`, up to the first gap.
pub const CONFIG_PART_PREFIX: &str = "LLM_ROUTER_CONFIG_JSON_";

/// Most numbered parts that are read: 128 variables a Worker, 5 KB each, some of them needed for the rest.
pub const CONFIG_PARTS_MAX: usize = 100;

/// Overrides the config's `masterKey` when not empty.
pub const MASTER_KEY_VARIABLE: &str = "LLM_ROUTER_MASTER_KEY";

/// The key before that one, which opens until [`PREVIOUS_KEY_UNTIL_VARIABLE`].
pub const PREVIOUS_KEY_VARIABLE: &str = "LLM_ROUTER_MASTER_KEY_PREVIOUS";

/// When the previous key stops opening: RFC 3339, or milliseconds since 1970.
pub const PREVIOUS_KEY_UNTIL_VARIABLE: &str = "LLM_ROUTER_MASTER_KEY_PREVIOUS_UNTIL";

/// Plain binding in which a deployment remembers what it is made of; the Worker does not read it. Its form is in
/// `cli::cloudflare::state`.
pub const STATE_VARIABLE: &str = "LLM_ROUTER_DEPLOY_STATE";

/// Class migrations, oldest first, each with its tag; `wrangler.toml` says the same. Never change one that was
/// released: the platform knows by the tag how far a Worker is.
pub const MIGRATIONS: [(&str, &[&str]); 1] = [("v1", &[PROVIDER_CLASS])];

/// Largest value of a variable or a secret, in bytes, on every plan.
pub const VARIABLE_MAX_BYTES: usize = 5_120;
