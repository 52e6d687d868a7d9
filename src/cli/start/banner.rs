//! What `start` answers once the gateway does.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::settings::Settings;
use crate::config::{Bucket, Config, Credential, ModelSelector, Provider, TargetRef};
use crate::deployment::MASTER_KEY_VARIABLE;
use crate::wire::Wire;

#[derive(Debug)]
pub(super) struct Banner<'a> {
    /// Base URL.
    pub(super) url: &'a str,
    /// `None` with the demo.
    pub(super) config_file: Option<&'a Path>,
    pub(super) watched: bool,
    pub(super) auth: Auth,
    /// Whose Access tokens are asked for.
    pub(super) access: Option<&'a str>,
    pub(super) state_dir: &'a Path,
    pub(super) settings: &'a Settings,
}

/// Whom the gateway lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Auth {
    Off,
    /// Who sends the config's key.
    ConfigKey,
    /// Who sends the key that the environment has instead.
    EnvironmentKey,
}

impl Banner<'_> {
    /// As documented in the README.
    pub(super) fn json(&self) -> Value {
        let Self { url, config_file, watched, auth, access, state_dir, settings } = self;
        let providers: Vec<&str> =
            settings.config.providers.iter().map(|provider| provider.id.as_str()).collect();
        json!({
            "ok": true, "operation": "start", "url": url, "pid": std::process::id(),
            "requireAuth": *auth != Auth::Off, "access": access,
            "config": config_file, "watchConfig": watched, "stateDir": state_dir,
            "providers": providers, "defaultModel": settings.config.default_model,
            "notes": settings.warnings,
        })
    }

    pub(super) fn render(&self) -> String {
        let Self { url, config_file, watched, auth, access, state_dir, settings } = self;
        let config = match config_file {
            None => "the demo's own".to_owned(),
            Some(path) if *watched => format!("{} (reloaded when it changes)", path.display()),
            Some(path) => format!("{} (not watched)", path.display()),
        };
        let who = match auth {
            Auth::Off if access.is_some() => "off: no key is asked for".to_owned(),
            Auth::Off => "off: every client is let in".to_owned(),
            Auth::ConfigKey => "on: clients send the config's master key".to_owned(),
            Auth::EnvironmentKey => format!("on: clients send the key in ${MASTER_KEY_VARIABLE}"),
        };

        let mut text = format!("llm-router {} is ready\n\n", env!("CARGO_PKG_VERSION"));
        let mut row = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name:<10} {value}");
        };
        row("base URL", url);
        row("OpenAI", &format!("{url}/openai"));
        row("Anthropic", &format!("{url}/anthropic"));
        row("auth", &who);
        if let Some(issuer) = access {
            row("access", &format!("on: only with a token of {issuer}"));
        }
        row("config", &config);
        row("state", &state_dir.display().to_string());
        row(
            "default",
            settings.config.default_model.as_deref().unwrap_or("none: requests must name a model"),
        );
        let aliases: Vec<_> = settings.config.aliases.iter().map(|alias| alias.id.as_str()).collect();
        if !aliases.is_empty() {
            row("aliases", &aliases.join(", "));
        }
        text.push('\n');
        for provider in &settings.config.providers {
            let _ = writeln!(text, "  {}", describe(provider));
        }
        if let Some(curl) = curl(url, &settings.config, *auth) {
            let _ = write!(text, "\nTry it:\n\n{curl}\n");
        }
        text.push('\n');
        text
    }
}

fn describe(provider: &Provider) -> String {
    let models = match provider.models.len() {
        1 => "1 model".to_owned(),
        more => format!("{more} models"),
    };
    let key = match &provider.credential {
        Credential::None => "no key".to_owned(),
        Credential::Literal(key) => format!("key {}", key.masked()),
        Credential::Variable(name) => format!("key from ${name}"),
    };
    let caps = match provider.buckets.as_slice() {
        [] => "no caps".to_owned(),
        buckets => format!("caps {}", buckets.iter().map(cap).collect::<Vec<_>>().join(", ")),
    };
    format!("{} ({}): {models}, {key}, {caps}", provider.id, provider.name)
}

/// `40/minute`, `600/6 hours`, `20/day of m-large`.
fn cap(bucket: &Bucket) -> String {
    let unit = bucket.window.unit.name();
    let window = match bucket.window.size {
        1 => unit.to_owned(),
        size => format!("{size} {unit}s"),
    };
    let of = match &bucket.models {
        ModelSelector::All => String::new(),
        ModelSelector::Only(models) => format!(" of {}", models.join(" and ")),
    };
    format!("{}/{window}{of}", bucket.requests)
}

/// A command to paste into a shell.
fn curl(url: &str, config: &Config, auth: Auth) -> Option<String> {
    let first = || {
        config
            .providers
            .iter()
            .find_map(|provider| Some(format!("{}/{}", provider.id, provider.models.first()?.id)))
    };
    let model = config.default_model.clone().or_else(first)?;
    let (path, limit) = match wire_of(config, &model) {
        Wire::Chat | Wire::Responses | Wire::Completions => ("/openai/v1/chat/completions", ""),
        Wire::Messages => ("/anthropic/v1/messages", r#""max_tokens":200,"#),
    };
    let name = serde_json::Value::from(model);
    let body = format!(r#"{{"model":{name},{limit}"messages":[{{"role":"user","content":"Hello"}}]}}"#);
    let key = match auth {
        Auth::Off => String::new(),
        Auth::ConfigKey => "  -H 'authorization: Bearer YOUR_MASTER_KEY' \\\n".to_owned(),
        Auth::EnvironmentKey => format!("  -H \"authorization: Bearer ${MASTER_KEY_VARIABLE}\" \\\n"),
    };
    Some(format!(
        "curl {url}{path} \\\n{key}  -H 'content-type: application/json' \\\n  -d '{}'\n",
        body.replace('\'', r"'\''")
    ))
}

/// The format in which the model is reached without translation. Aliases may lead to aliases; the config
/// has no circles and bounds how deep they nest.
fn wire_of(config: &Config, name: &str) -> Wire {
    let direct = name.split_once('/').and_then(|(provider, model)| config.model(provider, model));
    if let Some((provider, model)) = direct.or_else(|| config.models_called(name).next()) {
        let speaks = |wire: &&Wire| provider.speaks(model, **wire);
        return provider.formats.iter().find(speaks).copied().unwrap_or(Wire::Chat);
    }
    let alias = config.alias(name.strip_prefix("alias:").unwrap_or(name));
    match alias.and_then(|alias| alias.targets.first()).map(|target| &target.to) {
        Some(TargetRef::Model(to)) => wire_of(config, &format!("{}/{}", to.provider, to.model)),
        Some(TargetRef::Alias(to)) => wire_of(config, to),
        None => Wire::Chat,
    }
}
