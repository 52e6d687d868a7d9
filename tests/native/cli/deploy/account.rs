//! Tokens, accounts, and the API's moods.

use serde_json::json;

use super::fake::{ACCOUNT, Fake, refusal, result};
use super::{assert_no_secret, deploy, deploy_at, home};

const FLAGS: [&str; 2] = ["--domain=gw.example.com", "--skip-verify"];

#[tokio::test]
async fn without_a_token_nobody_is_asked() {
    let (home, fake) = (home(), Fake::start().await);
    let end = deploy_at(&home, &fake.url, &FLAGS, &[("CLOUDFLARE_API_TOKEN", "")]).await;
    assert_eq!(end.code, Some(2));
    assert!(
        end.stderr.contains("CLOUDFLARE_API_TOKEN") && end.stderr.contains("Edit Cloudflare Workers"),
        "{}",
        end.stderr
    );
    assert!(fake.calls().is_empty());
    let older = [("CLOUDFLARE_API_TOKEN", ""), ("CF_API_TOKEN", "cf-token-0123")];
    assert_eq!(deploy_at(&home, &fake.url, &FLAGS, &older).await.code, Some(0));
}

#[tokio::test]
async fn a_token_that_is_not_good_is_told_at_once() {
    let (home, fake) = (home(), Fake::start().await);
    fake.once("GET /user/tokens/verify", result(&json!({ "id": "t", "status": "expired" })));
    let end = deploy(&home, &fake, &[]).await;
    assert_eq!((end.code, fake.calls().len()), (Some(2), 1));
    assert!(end.stderr.contains("not active but expired"), "{}", end.stderr);
    let end = deploy_at(&home, &fake.url, &FLAGS, &[("CLOUDFLARE_API_TOKEN", "wrong")]).await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("does not know this API token"), "{}", end.stderr);
    assert!(!end.stderr.contains("wrong"));
}

#[tokio::test]
async fn a_token_of_an_account_is_asked_about_there() {
    let (home, fake) = (home(), Fake::start().await);
    fake.once("GET /user/tokens/verify", refusal(401, 1000, "Invalid API Token"));
    fake.once(
        &format!("GET /accounts/{ACCOUNT}/tokens/verify"),
        result(&json!({ "id": "t", "status": "active" })),
    );
    let end = deploy(&home, &fake, &[&format!("--account-id={ACCOUNT}")]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert!(fake.calls().iter().all(|call| call != "GET /memberships"));
}

#[tokio::test]
async fn several_accounts_are_a_question_that_a_script_has_to_answer() {
    let (home, fake) = (home(), Fake::start().await);
    let both =
        json!([{ "account": { "id": "one", "name": "A" } }, { "account": { "id": "two", "name": "B" } }]);
    fake.once("GET /memberships", result(&both));
    let end = deploy(&home, &fake, &[]).await;
    assert_eq!(end.code, Some(2));
    for part in ["one (A)", "two (B)", "--account-id"] {
        assert!(end.stderr.contains(part), "{part}: {}", end.stderr);
    }
    assert!(fake.changes().is_empty());
}

#[tokio::test]
async fn what_may_pass_is_asked_again() {
    let (home, fake) = (home(), Fake::start().await);
    fake.once("GET /user/tokens/verify", (429, ("retry-after", "0"), String::new()));
    fake.once("GET /memberships", refusal(500, 10013, "Oh"));
    fake.once(
        &format!("PUT /accounts/{ACCOUNT}/workers/scripts/llm-router"),
        (502, ("x-a", "b"), "<html>".to_owned()),
    );
    let end = deploy(&home, &fake, &[]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    let calls = fake.calls();
    for call in ["GET /user/tokens/verify", "GET /memberships"] {
        assert_eq!(calls.iter().filter(|made| *made == call).count(), 2, "{call}");
    }
    assert_eq!(end.stderr.matches("trying again").count(), 3, "{}", end.stderr);
    assert_no_secret(&end);
}

#[tokio::test]
async fn what_will_not_pass_is_said_with_what_to_do() {
    for (call, answer, part) in [
        ("GET /memberships", (429, ("retry-after", "300"), String::new()), "300 seconds"),
        ("GET /memberships", (403, ("cf-mitigated", "challenge"), "<html>".to_owned()), "firewall"),
        ("GET /memberships", (200, ("x-a", "b"), "<html>".to_owned()), "CLOUDFLARE_API_BASE_URL"),
        ("GET /zones", refusal(403, 10000, "Authentication error"), "Edit Cloudflare Workers"),
    ] {
        let (home, fake) = (home(), Fake::start().await);
        fake.once(call, answer);
        let end = deploy(&home, &fake, &["--json"]).await;
        assert_eq!(end.code, Some(1), "{}", end.stdout);
        assert!(end.stdout.contains(part), "{part}: {}", end.stdout);
        assert!(fake.changes().is_empty());
    }
}
