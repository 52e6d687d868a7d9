//! Where a gateway answers, and how it is asked there.

use serde_json::{Value, json};

use super::super::process::Home;
use super::super::worker_key::fake::{Fake, TOKEN};
use super::{deploy_at, home};

async fn deploy(home: &Home, fake: &Fake, flags: &[&str], variables: &[(&str, &str)]) -> super::End {
    let url = format!("{}/client/v4", fake.origin);
    let variables = [&[("CLOUDFLARE_API_TOKEN", TOKEN)], variables].concat();
    deploy_at(home, &url, flags, &variables).await
}

/// They stay open doors.
#[tokio::test]
async fn domains_that_nothing_names_any_more_are_told() {
    let (home, fake) = (home(), Fake::empty().await);
    let [old, new] = ["--domain=old.example.com", "--domain=new.example.com"];
    let end = deploy(&home, &fake, &[old, "--skip-verify", "--json"], &[]).await;
    assert_eq!(end.code, Some(0), "{}", end.stdout);
    let told: Value = serde_json::from_str(&end.stdout).unwrap();
    assert_eq!(told["otherTargets"], json!([]));
    let documented = super::super::config::json::documented();
    for member in told.as_object().unwrap().keys() {
        assert!(documented.contains(member.as_str()), "{member} is not in the README");
    }
    for changed in [true, false] {
        let end = deploy(&home, &fake, &[new, "--skip-verify", "--json"], &[]).await;
        let told: Value = serde_json::from_str(&end.stdout).unwrap();
        assert_eq!(
            (&told["changed"], &told["otherTargets"]),
            (&json!(changed), &json!(["domain old.example.com"])),
            "{told}"
        );
    }
    let end = deploy(&home, &fake, &[new, "--skip-verify"], &[]).await;
    assert!(end.stderr.contains("still answers at the domain old.example.com"), "{}", end.stderr);
    assert_eq!(fake.world().domains, ["old.example.com", "new.example.com"], "nothing is removed unasked");
}

/// Before anything is changed: afterwards it would be a reason to take everything back.
#[tokio::test]
async fn half_a_service_token_is_refused_at_once() {
    let (home, fake) = (home(), Fake::empty().await);
    let verify = format!("--verify-url={}", fake.origin);
    let flags = ["--domain=gw.example.com", &verify];
    let end = deploy(&home, &fake, &flags, &[("CF_ACCESS_CLIENT_ID", "id.access")]).await;
    assert_eq!(end.code, Some(2), "{}", end.stderr);
    assert!(end.stderr.contains("CF_ACCESS_CLIENT_SECRET is not"), "{}", end.stderr);
    assert!(fake.changes().is_empty());
    let both = [("CF_ACCESS_CLIENT_ID", "id.access"), ("CF_ACCESS_CLIENT_SECRET", "very-secret")];
    let end = deploy(&home, &fake, &flags, &both).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert!(fake.world().seen.contains(&("cf-access-client-secret".to_owned(), "very-secret".to_owned())));
    assert!(!format!("{}{}", end.stdout, end.stderr).contains("very-secret"));
}
