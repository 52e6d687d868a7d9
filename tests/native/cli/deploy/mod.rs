//! `deploy` as a process: what it says, what it asks of the API, what it leaves behind.

mod account;
mod addresses;
mod export;
mod fake;
mod first;
mod offline;

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use super::process::{End, Home};
use fake::Fake;

const KEY: &str = "gw_7hQ2mZ9pL4xV8cB1nK6tR3wY";
const PROVIDER_KEY: &str = "sk-alpha-0123456789";

fn config() -> Value {
    let mut config = super::process::config();
    config["masterKey"] = KEY.into();
    config
}

/// Runs `deploy` with these flags; it finds the API at `url`.
async fn deploy_at(home: &Home, url: &str, flags: &[&str], variables: &[(&str, &str)]) -> End {
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bundle");
    let program = Path::new(env!("CARGO_BIN_EXE_llm-router"));
    let words: Vec<String> =
        std::iter::once("deploy").chain(flags.iter().copied()).map(str::to_owned).collect();
    let mut command = home.command_of(program, &words);
    command
        .env_remove("LLM_ROUTER_WORKERD")
        .env("LLM_ROUTER_BUNDLE_DIR", bundle)
        .env("CLOUDFLARE_API_BASE_URL", url)
        .env("CLOUDFLARE_API_TOKEN", "cf-token-0123")
        .envs(variables.iter().copied())
        .stdin(Stdio::null());
    End::of(command.output().await.unwrap())
}

/// The same to a domain, unchecked: what is deployed does not run here.
async fn deploy(home: &Home, fake: &Fake, flags: &[&str]) -> End {
    let flags = [&["--domain=gw.example.com", "--skip-verify"], flags].concat();
    deploy_at(home, &fake.url, &flags, &[]).await
}

fn home() -> Home {
    let home = Home::empty();
    home.write_config(&config().to_string());
    home
}

fn assert_no_secret(end: &End) {
    for secret in [KEY, PROVIDER_KEY, "cf-token-0123"] {
        assert!(
            !end.stdout.contains(secret) && !end.stderr.contains(secret),
            "{secret}: {}{}",
            end.stdout,
            end.stderr
        );
    }
}

fn with_key_variable() -> Value {
    let mut config = config();
    let provider = config["providers"][0].as_object_mut().unwrap();
    provider.remove("apiKey");
    provider.insert("apiKeyEnv".to_owned(), json!("ALPHA_KEY"));
    config
}
