//! The gateway on Cloudflare, from the menu. What the commands do is tried with the commands.

use super::*;
use crate::cli::worker_key::fake::{Fake, TOKEN};

fn menu(home: &std::path::Path, fake: &Fake, entry: &str) -> Screen {
    std::fs::write(home.join(".llm-router.json"), config().to_string()).unwrap();
    let api = format!("{}/client/v4", fake.origin);
    let bundle = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bundle");
    let variables = [
        ("NO_COLOR", "1"),
        ("ALPHA_KEY", "sk-alpha-0123456789"),
        ("LLM_ROUTER_BUNDLE_DIR", bundle.to_str().unwrap()),
        ("CLOUDFLARE_API_BASE_URL", &api),
        ("CLOUDFLARE_API_TOKEN", TOKEN),
    ];
    let mut screen = Screen::run(home, &[], &variables);
    screen.press("want to do", &["Cloudflare", ENTER]).press("The gateway on Cloudflare", &[entry, ENTER]);
    screen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_shown_then_asked_for() {
    let (home, fake) = (tempfile::tempdir().unwrap(), Fake::empty().await);
    let mut screen = menu(home.path(), &fake, "Show");
    screen.press("Environment", &["eu", ENTER]).wait_for("want to do");
    let plan = screen.bytes();
    assert!(plan.contains("> llm-router deploy --env=eu --dry-run"), "{plan}");
    assert!(plan.contains("Worker llm-router-eu"), "{plan}");
    assert!(fake.world().calls.is_empty(), "nobody is asked");

    screen.press("want to do", &["Cloudflare", ENTER]).press("The gateway on Cloudflare", &["Deploy", ENTER]);
    screen.press("Environment", &[ENTER]).press("Its master key", &["A new", ENTER]);
    screen.press("asked whether it works", &[ENTER]);
    screen.press("Where is the gateway", &["a host", ENTER]).press("Host", &["gw.example.com", ENTER]);
    screen.type_line("Deploy? [Y/n]", "n").wait_for("want to do");
    assert!(screen.text().contains("error: nothing was done"), "{}", screen.text());
    assert!(fake.changes().is_empty());
    screen.press("want to do", &[ESCAPE]);
    assert!(screen.end().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_changed_as_it_would_be_by_the_command() {
    let (home, fake) = (tempfile::tempdir().unwrap(), Fake::start().await);
    let mut screen = menu(home.path(), &fake, "Set another");
    screen.press("Environment", &[ENTER]).press("The new key", &[ENTER]);
    screen.press("The key before", &[DOWN, ESCAPE]).press("The new key", &[ENTER]);
    screen.press("The key before", &[DOWN, ENTER]).press("asked whether it works", &[ENTER]);
    screen.type_line("one there, too? [y/N]", "n");
    screen.wait_for("want to do");
    // It has no address here, so nobody could tell whether the new key works.
    let said = screen.text();
    assert!(said.contains("> llm-router worker-key --generate-master-key --grace=1h"), "{said}");
    assert!(said.contains("hint: ") && said.contains("--verify-url"), "{said}");
    assert!(fake.changes().is_empty());
    screen.press("want to do", &[ESCAPE]);
    assert!(screen.end().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_checked_where_somebody_says_or_nowhere() {
    let (home, fake) = (tempfile::tempdir().unwrap(), Fake::start().await);
    let mut screen = menu(home.path(), &fake, "Set another");
    screen.press("Environment", &[ENTER]).press("The new key", &[ENTER]).press("The key before", &[ENTER]);
    screen.press("asked whether it works", &["another", ENTER]);
    screen.press("Address of the gateway", &["http://gw.example.com", ENTER]);
    screen.press("Address of the gateway", &[ESCAPE]);
    screen.press("asked whether it works", &[ENTER]);
    screen.press("Address of the gateway", &[&fake.origin, ENTER]);
    screen.type_line("one there, too? [y/N]", "n");
    screen.type_line("Set a new key for llm-router", "y").wait_for("want to do");
    let said = screen.bytes();
    let command = format!("> llm-router worker-key --generate-master-key --verify-url={}", fake.origin);
    assert!(said.contains("# others could read the key"), "{said}");
    assert!(said.contains(&command), "{said}");
    assert!(said.contains(&format!("tried at {}", fake.origin)), "{said}");
    assert_ne!(fake.text("LLM_ROUTER_MASTER_KEY").as_deref(), Some(crate::cli::worker_key::fake::OLD_KEY));

    screen.press("want to do", &["Cloudflare", ENTER]).press("The gateway on Cloudflare", &["Deploy", ENTER]);
    screen.press("Environment", &["eu", ENTER]).press("Its master key", &["A new", ENTER]);
    screen.press("asked whether it works", &["Nowhere", ENTER]);
    screen.type_line("Deploy? [Y/n]", "n").wait_for("want to do");
    let command = "> llm-router deploy --env=eu --generate-master-key --skip-verify";
    assert!(screen.bytes().contains(command), "{}", screen.bytes());
    screen.press("want to do", &[ESCAPE]);
    assert!(screen.end().success());
}
