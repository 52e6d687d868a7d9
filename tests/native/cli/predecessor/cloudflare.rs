//! The lines of both pages that deploy or change the Worker's key, against an API and a gateway in memory. Version
//! 1 was a checkout, so its `wrangler.toml` lies where they are typed.

use std::fs;

use super::super::process::install_script;
use super::super::worker_key::fake::{ACCOUNT, Fake, OLD_KEY, TOKEN};
use super::Shell;

const PROVIDER: &str = "llm-router config --operation=upsert-provider --name=A --base-url=https://openrouter.ai/v1 \
                        --api-key=k --models=m-1 --skip-probe=true";
const GENERATE: &str = "llm-router config --operation=set-master-key --generate-master-key=true";

/// As version 1 shipped it, with a route: without one neither version knows where to deploy to.
const WRANGLER_TOML: &str = r#"name = "llm-router-route"
main = "src/index.js"
compatibility_date = "2024-01-01"
workers_dev = false
preview_urls = false
routes = [{ pattern = "llm.example.com/*", zone_name = "example.com" }]

[vars]
ENVIRONMENT = "production"

[env.production]
routes = [{ pattern = "production.example.com/*", zone_name = "example.com" }]
vars = { ENVIRONMENT = "production" }
"#;

const DEPLOY: [&str; 5] = [
    "llm-router deploy",
    "llm-router deploy --env=production",
    "llm-router deploy --account-id=0123456789abcdef0123456789abcdef",
    "llm-router deploy --allow-large-config=true",
    "llm-router deploy --route-pattern=llm.example.com/* --zone-name=example.com",
];
const WEAK: &str = "llm-router worker-key --master-key=new_key";
const GIVEN: &str = "llm-router worker-key --master-key=new_key --allow-weak-master-key=true";
const MADE: &str = "llm-router worker-key --env=production --generate-master-key=true";
const MADE_LONG: &str = r"llm-router worker-key \
  --env=production \
  --generate-master-key=true \
  --master-key-length=64 \
  --master-key-prefix=gw_";

/// A script without a token gets nowhere, and asks nobody.
#[tokio::test]
async fn nothing_is_deployed_without_a_token() {
    let shell = Shell::new().await;
    shell.works(PROVIDER).await;
    for line in DEPLOY.into_iter().chain([WEAK, GIVEN, MADE, MADE_LONG]) {
        shell.refuses(line, 2, &[]).await;
    }
}

/// A shell with a provider and a key, in a checkout; the gateway is where the fake says.
async fn checkout(fake: &Fake) -> Shell {
    let mut shell = Shell::new().await;
    let stand_ins = shell.home.path().join("stand-ins");
    let verify = format!("case $1 in deploy|worker-key) set -- \"$@\" --verify-url={};; esac", fake.origin);
    let program = shell.home.path().join("bin/llm-router");
    install_script(&format!("{verify}\nexec {} \"$@\"", program.display()), &stand_ins.join("llm-router"));
    fs::write(shell.home.path().join("wrangler.toml"), WRANGLER_TOML).unwrap();
    shell.home = shell
        .home
        .variable("PATH", &format!("{}:/usr/bin:/bin", stand_ins.display()))
        .variable("CLOUDFLARE_API_BASE_URL", &format!("{}/client/v4", fake.origin))
        .variable("CLOUDFLARE_API_TOKEN", TOKEN);
    shell.works(PROVIDER).await;
    shell.works(GENERATE).await;
    shell
}

#[tokio::test]
async fn the_lines_deploy() {
    for line in DEPLOY {
        let fake = Fake::empty().await;
        let shell = checkout(&fake).await;
        let line = line.replace("0123456789abcdef0123456789abcdef", ACCOUNT);
        shell.works(&line).await;
        let (script, host) = if line.contains("production") {
            ("llm-router-route-production", "production.example.com/*")
        } else {
            ("llm-router-route", "llm.example.com/*")
        };
        assert_eq!(fake.world().routes, [(host.to_owned(), script.to_owned())], "{line}");
        assert_eq!(fake.text("LLM_ROUTER_MASTER_KEY").as_deref(), shell.config()["masterKey"].as_str());
        assert!(fake.text("LLM_ROUTER_CONFIG_JSON").unwrap().contains("m-1"), "{line}");
        assert_eq!(fs::read_to_string(shell.home.path().join("wrangler.toml")).unwrap(), WRANGLER_TOML);
        // The same once more has nothing to do.
        let before = fake.changes();
        let again = shell.works(&line).await;
        assert!(again.stdout.contains("nothing has changed"), "{line}: {}", again.stdout);
        assert_eq!(fake.changes(), before, "{line}");
    }
}

#[tokio::test]
async fn the_lines_change_the_key() {
    let fake = Fake::start().await;
    let mut shell = checkout(&fake).await;
    shell.home = shell.home.variable("LLM_ROUTER_PREVIOUS_MASTER_KEY", OLD_KEY);
    shell.refuses(WEAK, 2, &["--allow-weak-master-key"]).await;
    assert!(fake.changes().is_empty());
    shell.works(GIVEN).await;
    assert_eq!(fake.text("LLM_ROUTER_MASTER_KEY").as_deref(), Some("new_key"));
    for (line, length) in [(MADE, 48), (MADE_LONG, 64)] {
        let end = shell.works(line).await;
        let key = fake.text("LLM_ROUTER_MASTER_KEY").unwrap();
        assert!(key.starts_with("gw_") && key.len() == length, "{line}");
        assert!(end.stdout.contains(&key), "{line} shows the key that it made");
        assert_ne!(shell.config()["masterKey"], key.as_str(), "it is not the config's");
    }
    assert_eq!(fake.changes().len(), 3, "one version each");
}
