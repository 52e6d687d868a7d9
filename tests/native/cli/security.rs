//! Every command of SECURITY.md is run, in its order and in one shell, against an API and a gateway in memory.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::process::{End, Home, install_script};
use super::worker_key::fake::{Fake, TOKEN};

const DOCUMENT: &str = include_str!("../../../SECURITY.md");

/// The only host in the document that is asked anything.
const HOST: &str = "https://llm.example.com";

/// Programs that a command may begin with. What is not here nobody has thought of how to run.
const PROGRAMS: [&str; 4] = ["llm-router", "curl", "pass", "export"];

#[tokio::test]
async fn every_command_of_security_md_does_what_it_says() {
    let fake = Fake::empty().await;
    let home = Home::new().variable("CLOUDFLARE_API_BASE_URL", &format!("{}/client/v4", fake.origin));
    let script = script();
    for program in programs(&script) {
        assert!(PROGRAMS.contains(&program.as_str()), "nobody knows how to run `{program}` here");
    }
    let path = stand_ins(home.path(), &fake.origin);
    let home = home.variable("PATH", &format!("{path}:/usr/bin:/bin"));
    let mut command = home.command_of(Path::new("/bin/sh"), &["-euc".to_owned(), script]);
    let end = End::of(command.output().await.unwrap());
    assert_eq!(end.code, Some(0), "{}{}", end.stdout, end.stderr);

    // Closed, deployed, on its host, for those addresses, and with a key of its own that was replaced.
    assert!(end.stdout.lines().any(|line| line == "401"), "{}", end.stdout);
    assert_eq!(fake.world().domains, ["llm.example.com"]);
    assert_eq!(fake.text("LLM_ROUTER_ALLOWED_IPS").as_deref(), Some("192.0.2.0/24,2001:db8::/32"));
    let shown: Vec<&str> = end
        .stdout
        .lines()
        .filter_map(|line| line.split_once("generated key, shown this once: "))
        .map(|(_, key)| key)
        .collect();
    let live = fake.text("LLM_ROUTER_MASTER_KEY").unwrap();
    assert_eq!(shown.len(), 3, "deployed, after the leak, and the local one: {}", end.stdout);
    assert_eq!(shown[2], live, "the config's key was changed last, and goes live with the next deployment");
    let keys = fake.world().keys();
    assert_eq!(keys, shown, "until then deploy keeps the key that was set after the leak");
    // The last deployment took the provider's new key, and the first steps its caps.
    let deployed: Value = serde_json::from_str(&fake.text("LLM_ROUTER_CONFIG_JSON").unwrap()).unwrap();
    assert_eq!(deployed["providers"][0]["apiKey"], "sk-alpha-new-0123456789");
    let caps = deployed["providers"][0]["rateLimits"].to_string();
    assert!(caps.contains("Each day") && caps.contains("2000"), "{caps}");
    let local: Value = serde_json::from_slice(&fs::read(home.config_path()).unwrap()).unwrap();
    assert_eq!(local["masterKey"], shown[2]);
    assert_eq!(fake.text("LLM_ROUTER_ACCESS_TEAM_DOMAIN").as_deref(), Some("my-team.cloudflareaccess.com"));
    assert!(fake.world().seen.contains(&("cf-access-client-id".to_owned(), "id.access".to_owned())));
    assert!(!format!("{}{}", end.stdout, end.stderr).contains(TOKEN));
}

/// What is between ```sh and ```, without the indent of lists.
fn script() -> String {
    let mut script = String::new();
    let mut inside = false;
    for line in DOCUMENT.lines().map(str::trim) {
        match (inside, line) {
            (false, "```sh") => inside = true,
            (true, "```") => inside = false,
            (true, line) => script.extend([line, "\n"]),
            (false, _) => {}
        }
    }
    assert!(script.lines().count() > 10 && !inside, "{script}");
    script
}

/// First words of all commands, those of pipes and substitutions too.
fn programs(script: &str) -> Vec<String> {
    let joined = script.replace("\\\n", " ");
    let commands = joined.split(['\n', '|', ';', '&', '(']).map(str::trim).filter(|part| !part.is_empty());
    commands.filter_map(|command| command.split_whitespace().next()).map(str::to_owned).collect()
}

/// Programs that stand for the real ones: they reach the gateway where it is instead of at its host. The real ones
/// are behind them.
fn stand_ins(home: &Path, origin: &str) -> String {
    let programs = home.join("stand-ins");
    let here = format!(
        "for word; do shift; set -- \"$@\" \"$(printf '%s' \"$word\" | sed 's|{HOST}|{origin}|')\"; done"
    );
    install_script(&format!("{here}\nexec /usr/bin/curl \"$@\""), &programs.join("curl"));
    let binary = env!("CARGO_BIN_EXE_llm-router");
    let verify = format!("case $1 in deploy|worker-key) exec {binary} \"$@\" --verify-url={origin};; esac");
    install_script(&format!("{here}\n{verify}\nexec {binary} \"$@\""), &programs.join("llm-router"));
    let secrets = format!(
        "case $2 in cloudflare) echo {TOKEN};; gateway) exec /usr/bin/curl -s {origin}/live-key;; \
         alpha) echo sk-alpha-new-0123456789;; access-id) echo id.access;; access-secret) echo 0123;; *) exit 1;; esac"
    );
    install_script(&secrets, &programs.join("pass"));
    programs.to_str().unwrap().to_owned()
}

/// Those that the Worker reads are in the README, one is `deploy`'s own.
#[test]
fn variables_of_security_md_exist() {
    let known = concat!(include_str!("../../../README.md"), include_str!("../../../src/deployment.rs"));
    for word in DOCUMENT.split(|c: char| !(c.is_ascii_uppercase() || c == '_')) {
        if word.starts_with("LLM_ROUTER_") && !word.ends_with('_') {
            assert!(known.contains(word), "nobody knows {word}");
        }
    }
}
