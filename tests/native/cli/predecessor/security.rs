//! SECURITY: a key, and who may call.

use serde_json::json;

use super::{Shell, message};

const GENERATE: &str = "llm-router config --operation=set-master-key --generate-master-key=true";

#[tokio::test]
async fn the_key_is_made_and_changed() {
    let shell = Shell::new().await;
    let first = shell.works(GENERATE).await;
    let key = shell.config()["masterKey"].clone();
    assert!(first.stdout.contains(key.as_str().unwrap()));
    shell.works(GENERATE).await;
    assert_ne!(shell.config()["masterKey"], key, "after a leak it is another one");
    shell.works(&format!("{GENERATE} --master-key-length=64 --master-key-prefix=gw_")).await;
    assert_eq!(shell.config()["masterKey"].as_str().unwrap().len(), 64);
}

/// The page's knobs do what they say on this machine, too: in version 1 `start` heeded none of them.
#[tokio::test]
async fn the_knobs() {
    let shell = Shell::new().await;
    let provider = "llm-router config --operation=upsert-provider --name=A --base-url=https://openrouter.ai/v1 \
                    --api-key=k --models=m-1 --skip-probe=true";
    shell.works(provider).await;
    let big = "m-1".to_owned() + &"x".repeat(5_000);
    for (variables, model, status) in [
        ("LLM_ROUTER_ALLOWED_IPS=203.0.113.7", "m-1", 403),
        ("LLM_ROUTER_IP_ALLOWLIST=203.0.113.7", "m-1", 403),
        ("LLM_ROUTER_ALLOWED_IPS=127.0.0.1 LLM_ROUTER_CORS_ALLOW_ALL=false", "m-1", 200),
        ("LLM_ROUTER_MAX_REQUEST_BODY_BYTES=4096 LLM_ROUTER_UPSTREAM_TIMEOUT_MS=1000", &big, 413),
    ] {
        let gateway = shell.serves(&format!("env {variables} llm-router start")).await;
        let (found, answer) = message(&gateway, model, None).await;
        assert_eq!(found, status, "{variables}: {answer}");
        gateway.stop().await;
    }
    assert_eq!(shell.config()["providers"][0]["id"], json!("a"));
}
