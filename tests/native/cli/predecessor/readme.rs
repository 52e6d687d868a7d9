//! README: usage example, aliases and caps, scripts without a terminal.

use serde_json::{Value, json};

use super::{Shell, message};

const PROVIDER: &str = r#"llm-router config \
  --operation=upsert-provider \
  --provider-id=openrouter \
  --name="OpenRouter" \
  --base-url=https://openrouter.ai/api/v1 \
  --api-key=sk-or-v1-... \
  --models=claude-3-7-sonnet,gpt-4o \
  --format=openai \
  --skip-probe=true"#;

const MONTHLY_CAP: &str = r#"llm-router config \
  --operation=set-provider-rate-limits \
  --provider-id=openrouter \
  --bucket-name="Monthly cap" \
  --bucket-models=all \
  --bucket-requests=20000 \
  --bucket-window=month:1"#;

fn bucket(id: &str, name: &str, models: &str, requests: u32, unit: &str, size: u32) -> Value {
    json!({ "id": id, "name": name, "models": [models], "requests": requests, "window": { "unit": unit, "size": size } })
}

#[tokio::test]
async fn the_usage_example() {
    let shell = Shell::new().await;
    let end = shell.works(PROVIDER).await;
    assert!(end.stdout.contains("saved provider openrouter"), "{}", end.stdout);
    assert!(end.stderr.contains("warning") && end.stderr.contains("--api-key-env"), "{}", end.stderr);
    assert!(shell.providers.take_asked().is_empty(), "a probe was made");

    shell
        .works(
            r"llm-router config \
  --operation=set-model-fallbacks \
  --provider-id=openrouter \
  --model=claude-3-7-sonnet \
  --fallback-models=openrouter/gpt-4o",
        )
        .await;

    // The page refers to a model that it never adds. Version 1 refused that, too.
    let alias = r"llm-router config \
  --operation=upsert-model-alias \
  --alias-id=chat.default \
  --strategy=auto \
  --targets=openrouter/claude-3-7-sonnet@2,openrouter/gpt-4o@1 \
  --fallback-targets=openrouter/gpt-4o-mini";
    shell.refuses(alias, 2, &["openrouter/gpt-4o-mini", "llm-router config upsert-model"]).await;
    shell.works("llm-router config upsert-model --provider-id=openrouter --model=gpt-4o-mini").await;
    shell.works(alias).await;
    shell.works(MONTHLY_CAP).await;

    // The page's key can be guessed.
    let key = "llm-router config --operation=set-master-key --master-key=gw_your_gateway_key";
    shell.refuses(key, 2, &["--generate-master-key", "--allow-weak-master-key"]).await;
    let end = shell.works(&format!("{key} --allow-weak-master-key=true")).await;
    assert!(end.stderr.contains("--master-key-stdin") && !end.stdout.contains("gateway"), "{}", end.stdout);

    let config = shell.config();
    assert_eq!(config["defaultModel"], "openrouter/claude-3-7-sonnet");
    assert_eq!(config["masterKey"], "gw_your_gateway_key");
    assert_eq!(config["providers"][0]["apiKey"], "sk-or-v1-...");
    assert_eq!(
        config["providers"][0]["models"],
        json!([{ "id": "claude-3-7-sonnet", "fallbackModels": ["openrouter/gpt-4o"] }, { "id": "gpt-4o" }, { "id": "gpt-4o-mini" }])
    );
    assert_eq!(
        config["providers"][0]["rateLimits"],
        json!([bucket("monthly-cap", "Monthly cap", "all", 20_000, "month", 1)])
    );
    assert_eq!(
        config["modelAliases"]["chat.default"],
        json!({
            "strategy": "auto",
            "targets": [{ "ref": "openrouter/claude-3-7-sonnet", "weight": 2 }, { "ref": "openrouter/gpt-4o", "weight": 1 }],
            "fallbackTargets": [{ "ref": "openrouter/gpt-4o-mini" }]
        })
    );

    let gateway = shell.serves("llm-router start --require-auth=true").await;
    assert_eq!(message(&gateway, "chat.default", None).await.0, 401);
    assert!(shell.providers.take_asked().is_empty());
    for model in ["openrouter/claude-3-7-sonnet", "chat.default"] {
        let (status, answer) = message(&gateway, model, Some("gw_your_gateway_key")).await;
        assert_eq!((status, &answer["content"][0]["text"]), (200, &json!("Hello from the mock")), "{answer}");
    }
    let asked = shell.providers.take_asked();
    assert_eq!(asked[0], "POST /api/v1/chat/completions claude-3-7-sonnet Bearer sk-or-v1-...");
    assert!(asked.len() == 2 && !asked[1].contains("gpt-4o-mini"), "{asked:?}");
    let status: Value = serde_json::from_str(&shell.works("llm-router status --json").await.stdout).unwrap();
    assert_eq!(status["providers"][0]["buckets"][0]["used"], 2, "{status}");
    gateway.stop().await;
}

#[tokio::test]
async fn aliases_and_caps_of_several_providers() {
    let shell = Shell::new().await;
    shell.works(PROVIDER).await;
    // The page takes these for granted.
    for (id, model) in [("rc", "gpt-5.3-codex"), ("zai", "glm-5")] {
        let line = format!(
            "llm-router config --operation=upsert-provider --provider-id={id} --name={id} --api-key=sk-{id} \
             --base-url=https://openrouter.ai/{id}/v1 --models={model} --skip-probe=true"
        );
        shell.works(&line).await;
    }

    let coding = r"llm-router config \
  --operation=upsert-model-alias \
  --alias-id=coding \
  --strategy=auto \
  --targets=rc/gpt-5.3-codex,zai/glm-5";
    shell.works(coding).await;
    let before = shell.config();
    shell.works(coding).await;
    assert_eq!(shell.config(), before, "the page has it twice");
    for line in [
        r#"llm-router config \
  --operation=set-provider-rate-limits \
  --provider-id=rc \
  --bucket-name="Minute cap" \
  --bucket-models=gpt-5.3-codex \
  --bucket-requests=60 \
  --bucket-window=minute:1"#,
        r#"llm-router config \
  --operation=set-provider-rate-limits \
  --provider-id=zai \
  --bucket-name="5-hours cap" \
  --bucket-models=glm-5 \
  --bucket-requests=600 \
  --bucket-window=hour:5"#,
        // The recipe for combined caps
        r#"llm-router config \
  --operation=set-provider-rate-limits \
  --provider-id=openrouter \
  --bucket-name="Minute cap" \
  --bucket-models=all \
  --bucket-requests=40 \
  --bucket-window=minute:1"#,
        r#"llm-router config \
  --operation=set-provider-rate-limits \
  --provider-id=openrouter \
  --bucket-name="6-hours cap" \
  --bucket-models=all \
  --bucket-requests=600 \
  --bucket-window=hour:6"#,
    ] {
        shell.works(line).await;
    }
    let config = shell.config();
    let limits = |provider: usize| config["providers"][provider]["rateLimits"].clone();
    assert_eq!(
        limits(0),
        json!([
            bucket("minute-cap", "Minute cap", "all", 40, "minute", 1),
            bucket("6-hours-cap", "6-hours cap", "all", 600, "hour", 6)
        ])
    );
    assert_eq!(limits(1), json!([bucket("minute-cap", "Minute cap", "gpt-5.3-codex", 60, "minute", 1)]));
    assert_eq!(limits(2), json!([bucket("5-hours-cap", "5-hours cap", "glm-5", 600, "hour", 5)]));

    // Both stay active together, and the page says how to see what was skipped.
    let gateway = shell.serves("env LLM_ROUTER_DEBUG_ROUTING=true llm-router start").await;
    let (status, answer) = message(&gateway, "openrouter/gpt-4o", None).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(message(&gateway, "coding", None).await.0, 200);
    let seen: Value = serde_json::from_str(&shell.works("llm-router status --json").await.stdout).unwrap();
    let used: Vec<&Value> =
        seen["providers"][0]["buckets"].as_array().unwrap().iter().map(|bucket| &bucket["used"]).collect();
    assert_eq!(used, [&json!(1), &json!(1)]);
    gateway.stop().await;
}

#[tokio::test]
async fn without_a_terminal() {
    let shell = Shell::new().await;
    shell.works(&PROVIDER.replace("claude-3-7-sonnet,gpt-4o", "gpt-4o,claude-3-7-sonnet")).await;
    let alias = r"llm-router config \
  --operation=upsert-model-alias \
  --alias-id=chat.default \
  --strategy=auto \
  --targets=openrouter/gpt-4o-mini@3,anthropic/claude-3-5-haiku@2 \
  --fallback-targets=openrouter/gpt-4o";
    shell.refuses(alias, 2, &["openrouter/gpt-4o-mini", "anthropic/claude-3-5-haiku"]).await;
    // The page takes these for granted.
    shell.works("llm-router config upsert-model --provider-id=openrouter --model=gpt-4o-mini").await;
    shell
        .works(
            "llm-router config --operation=upsert-provider --name=Anthropic --claude-base-url=https://openrouter.ai \
             --api-key=sk-ant --models=claude-3-5-haiku --format=claude --skip-probe=true",
        )
        .await;
    shell.works(alias).await;
    shell.works(MONTHLY_CAP).await;
    for window in ["month:1", "1w", "7day"] {
        shell.works(&MONTHLY_CAP.replace("month:1", window)).await;
    }
    let bucket = shell.config()["providers"][0]["rateLimits"][0].clone();
    assert_eq!(bucket["window"], json!({ "unit": "day", "size": 7 }));

    let end = shell.works("llm-router config --operation=list-routing").await;
    for part in ["provider openrouter (OpenRouter)", "chat.default", "cap=20000 req / 7 day", "sk-o...-..."] {
        assert!(end.stdout.contains(part), "{part}: {}", end.stdout);
    }
    let migrate = "llm-router config --operation=migrate-config --target-version=2 --create-backup=true";
    let end = shell.works(migrate).await;
    assert!(end.stdout.contains("already at version 2"), "{}", end.stdout);

    let key = "llm-router config --operation=set-master-key --master-key=your_local_key";
    shell.refuses(key, 2, &["--generate-master-key"]).await;
    let end = shell.works("llm-router config --operation=set-master-key --generate-master-key=true").await;
    let key = shell.config()["masterKey"].as_str().unwrap().to_owned();
    assert!(key.starts_with("gw_") && key.len() == 48 && end.stdout.contains(&key), "{}", end.stdout);
    let gateway = shell.serves("llm-router start --require-auth=true").await;
    assert_eq!(message(&gateway, "openrouter/gpt-4o", Some(&key)).await.0, 200);
    gateway.stop().await;
}

/// The page's own config, as far as it goes: it has aliases of models that it does not have.
#[tokio::test]
async fn the_minimal_shape() {
    let shell = Shell::new().await;
    let mut page = json!({
        "version": 2, "masterKey": "local_or_worker_key", "defaultModel": "chat.default",
        "modelAliases": { "chat.default": {
            "strategy": "auto",
            "targets": [{ "ref": "openrouter/gpt-4o" }, { "ref": "anthropic/claude-3-5-haiku" }],
            "fallbackTargets": [{ "ref": "openrouter/gpt-4o-mini" }]
        } },
        "providers": [{
            "id": "openrouter", "name": "OpenRouter", "baseUrl": shell.meant("https://openrouter.ai/api/v1"),
            "apiKey": "sk-or-v1-...", "formats": ["openai"], "models": [{ "id": "gpt-4o" }],
            "rateLimits": [{ "id": "openrouter-all-month", "name": "Monthly cap", "models": ["all"],
                "requests": 20000, "window": { "unit": "month", "size": 1 } }]
        }]
    });
    shell.home.write_config(&page.to_string());
    shell
        .refuses("llm-router config validate", 2, &["no provider `anthropic`", "no model `gpt-4o-mini`"])
        .await;
    page["modelAliases"]["chat.default"] =
        json!({ "strategy": "auto", "targets": [{ "ref": "openrouter/gpt-4o" }] });
    shell.home.write_config(&page.to_string());
    let gateway = shell.serves("llm-router start --require-auth=true").await;
    assert_eq!(message(&gateway, "", Some("local_or_worker_key")).await.0, 200);
    gateway.stop().await;
}
