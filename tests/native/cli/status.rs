//! `status` and `explain`, with a stand-in for the gateway that says what the real one could.

mod fake;

/// What a gateway says of itself.
pub(super) fn document() -> serde_json::Value {
    fake::status()
}

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::process::{Home, config, until};
use fake::Fake;

const KEY: &str = "gw-master-0123456789abcdef";

/// What a terminal of 80 columns can show of `text`.
fn fits(text: &str) {
    for line in text.lines() {
        assert!(line.width() <= 80, "{} columns: {line}", line.width());
        assert!(!line.contains('\u{1b}'), "no colours: {line:?}");
    }
}

/// The same wherever the stand-in listens.
fn shown(text: &str, fake: &Fake) -> String {
    text.replace(&format!("{:<28}", fake.url), &format!("{:<28}", "URL")).trim_end().to_owned()
}

#[tokio::test]
async fn the_whole_picture_at_80_columns() {
    let fake = Fake::start(None).await;
    let home = Home::empty().arguments(&["status"]).argument(format!("--url={}", fake.url));
    let end = home.run().await;
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    fits(&end.stdout);
    insta::assert_snapshot!(shown(&end.stdout, &fake), @r#"
    URL                                                      2026-11-22 09:00:00 UTC

    alpha  Alpha
      Per minute      [####..........]          12/40   30%  in 28s      09:00:28
      Six hours       [##############]        600/600  100%  in 3h       12:00:00
      A month with a~ [############..]      17.2M/20M   86%  in 8d 15h   12-01 00:00
      模型模型模型模~ [..............]            0/7    0%  in 833d     2029-03-04
      2 leases of 12 requests, counted as used, for 3s at most
      ! org/m-large:free@openai  cooling down after rate_limited, 28s until 09:00:28
      ! m-small@openai  circuit open, 13s until 09:00:13 (2 failures)
      ! m-tiny@openai  circuit half open, the next request tries it (3 failures)

    beta
      ! unreachable: its ledger does not answer, so nothing is sent to it
      Day             400/minute

    gamma  ?[31mGamma
      no caps
      1024 leases of 1024000 requests, counted as used, for 20s at most
    "#);
    let unicode = home.variable("LANG", "en_US.UTF-8").run().await;
    fits(&unicode.stdout);
    assert!(unicode.stdout.contains("░░"), "{}", unicode.stdout);
    assert!(fake.requests().iter().all(|request| request == "GET /v1/status -"), "{:?}", fake.requests());
}

#[tokio::test]
async fn the_gateway_that_runs_here_is_found() {
    let home = Home::empty().arguments(&["status"]);
    let end = home.run().await;
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("no gateway runs here"), "{}", end.stderr);
    assert!(end.stderr.contains("llm-router start"), "{}", end.stderr);
    assert!(!home.state_path().exists(), "looking makes nothing");

    let fake = Fake::start(None).await;
    for directory in [home.state_path(), home.path().join("elsewhere"), home.state_path().join("demo")] {
        let _ = fs::remove_dir_all(home.state_path());
        let _lock = fake.runs_in(&directory);
        let mut home = Home::empty().arguments(&["status", "--json"]);
        let place = if directory.ends_with("demo") { directory.parent().unwrap() } else { &directory };
        home = home.argument(format!("--state-dir={}", place.display()));
        let end = home.run().await;
        assert_eq!(end.code, Some(0), "{}", end.stderr);
        assert_eq!(serde_json::from_str::<Value>(&end.stdout).unwrap(), fake::status());
    }
}

#[tokio::test]
async fn what_is_left_of_a_gateway_is_not_asked() {
    let home = Home::empty().arguments(&["status"]);
    drop(fake::runs_in(&home.state_path(), &json!("http://127.0.0.1:1"), None));
    let end = home.run().await;
    assert_eq!(end.code, Some(1), "{}", end.stderr);
    assert!(end.stderr.contains("no gateway runs here"), "{}", end.stderr);
    for (url, says) in [
        (Value::Null, "is still starting"),
        (json!("http://127.0.0.1:1"), "no answer from http://127.0.0.1:1"),
    ] {
        let _lock = fake::runs_in(&home.state_path(), &url, None);
        let end = home.run().await;
        assert_eq!(end.code, Some(1), "{}", end.stderr);
        assert!(end.stderr.contains(says), "{says}: {}", end.stderr);
        assert!(end.stdout.is_empty());
    }
}

#[tokio::test]
async fn a_key_is_shown_only_when_it_is_asked_for() {
    let fake = Fake::start(Some(KEY)).await;
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = directory.path().join("config.json");
    let lock = fake.runs_in(directory.path());
    let home = || {
        let state = format!("--state-dir={}", directory.path().display());
        Home::new().arguments(&["status"]).argument(state)
    };
    let mut keyed = config();
    keyed["masterKey"] = json!(KEY);

    let end = home().run().await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("asks for a key") && end.stderr.contains("--key-env"), "{}", end.stderr);
    assert_eq!(fake.take_requests(), ["GET /v1/status -"]);

    let with_config = home();
    with_config.write_config(&keyed.to_string());
    assert_eq!(with_config.run().await.code, Some(0));
    let unlocked = format!("GET /v1/status Bearer {KEY}");
    assert_eq!(fake.take_requests(), ["GET /v1/status -".to_owned(), unlocked.clone()]);

    // The gateway has said which config it runs with.
    fs::write(&elsewhere, keyed.to_string()).unwrap();
    drop(lock);
    let _lock = fake::runs_in(directory.path(), &json!(fake.url), Some(&elsewhere));
    assert_eq!(home().run().await.code, Some(0));
    assert_eq!(fake.take_requests(), ["GET /v1/status -".to_owned(), unlocked.clone()]);
    fs::remove_file(&elsewhere).unwrap();

    let with_variable = home().variable("LLM_ROUTER_MASTER_KEY", KEY);
    assert_eq!(with_variable.run().await.code, Some(0));
    fake.take_requests();

    let named = home().argument("--key-env=MY_KEY").variable("MY_KEY", KEY);
    assert_eq!(named.run().await.code, Some(0));
    assert_eq!(fake.take_requests(), std::slice::from_ref(&unlocked));

    let wrong = home().argument("--key-env=MY_KEY").variable("MY_KEY", "wrong").run().await;
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("does not take this key"), "{}", wrong.stderr);
    let typed = home().argument(format!("--key-env={KEY}")).run().await;
    assert_eq!(typed.code, Some(2));
    assert!(!typed.stderr.contains(KEY), "{}", typed.stderr);
    fake.take_requests();

    let piped = home().argument("--key-stdin");
    let mut child = piped.command().stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stdin, format!("{KEY}\n").as_bytes()).await.unwrap();
    drop(stdin);
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
    assert_eq!(fake.take_requests(), [unlocked]);
}

/// Of a service token, what Access is shown when it stands in front, and only then.
#[tokio::test]
async fn a_service_token_opens_access() {
    const ID: &str = "1a2b.access";
    const SECRET: &str = "5ecret-of-the-token";
    let login = "https://team.cloudflareaccess.com/cdn-cgi/access/login/gateway.example?kid=1";
    let token = |home: Home| {
        home.variable("CF_ACCESS_CLIENT_ID", ID)
            .variable("CF_ACCESS_CLIENT_SECRET", SECRET)
            .variable("LLM_ROUTER_MASTER_KEY", KEY)
    };
    for (command, path, login) in [
        (&["status"][..], "/v1/status", Some(login)),
        (&["status"], "/v1/status", None),
        (&["explain", "team"], "/v1/explain?model=team", Some(login)),
    ] {
        let fake = Fake::start(Some(KEY)).await;
        let home = || Home::empty().arguments(command).argument(format!("--url={}", fake.url));
        assert_eq!(token(home()).run().await.code, Some(0));
        let seen = [format!("GET {path} -"), format!("GET {path} Bearer {KEY}")];
        assert_eq!(fake.take_requests(), seen, "nothing asked for the service token");

        fake.behind_access((ID, SECRET), login);
        let end = token(home()).run().await;
        assert_eq!(end.code, Some(0), "{}", end.stderr);
        let seen = [
            format!("GET {path} -"),
            format!("GET {path} - {ID}:{SECRET}"),
            format!("GET {path} Bearer {KEY} {ID}:{SECRET}"),
        ];
        assert_eq!(fake.take_requests(), seen);

        for (home, says) in [
            (home(), "CF_ACCESS_CLIENT_SECRET"),
            (token(home()).without_variable("CF_ACCESS_CLIENT_ID"), "CF_ACCESS_CLIENT_ID is not"),
            (token(home()).variable("CF_ACCESS_CLIENT_SECRET", "wr0ng"), "Service Auth"),
        ] {
            let end = home.run().await;
            assert_eq!(end.code, Some(2), "{}", end.stderr);
            assert!(end.stderr.contains("Access") && end.stderr.contains(says), "{says}: {}", end.stderr);
            assert!(!end.stderr.contains(SECRET) && !end.stderr.contains("wr0ng"), "{}", end.stderr);
        }
        assert!(fake.take_requests().iter().all(|request| !request.contains(KEY)), "the key stays here");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_said() {
    let fake = Fake::start(None).await;
    for (arguments, code, says) in [
        (vec!["status", "--provider=alhpa"], 2, "did you mean `alpha`?"),
        (vec!["explain", "nope"], 2, "did you mean `team`?"),
        (vec!["explain", "team", "--format=opnai"], 2, "did you mean `openai`?"),
        (vec!["status", "--watch=0"], 2, "from 0.1 to 86400"),
        (vec!["status", "--url=gateway.example"], 2, "--url"),
        (vec!["status", "--url=http://key@gateway.example"], 2, "--key-env"),
        (vec!["status", "--url=http://127.0.0.1:1"], 1, "no answer from"),
        (vec!["status", "--prvider=x"], 2, "--provider"),
    ] {
        let home = Home::empty().arguments(&arguments);
        let _lock = fake.runs_in(&home.state_path());
        let end = home.run().await;
        assert_eq!(end.code, Some(code), "{arguments:?}: {}", end.stderr);
        assert!(end.stderr.contains(says), "{arguments:?}: {}", end.stderr);
        assert!(end.stdout.is_empty());
    }
    let end = Home::empty().arguments(&["status", "--json"]).run().await;
    assert_eq!(
        (end.code, serde_json::from_str::<Value>(&end.stdout).unwrap()["ok"].clone()),
        (Some(1), json!(false))
    );

    let filtered = Home::empty().arguments(&["status", "--provider=alpha", "--provider=beta"]);
    let _lock = fake.runs_in(&filtered.state_path());
    fake.take_requests();
    assert_eq!(filtered.run().await.code, Some(0));
    assert_eq!(fake.take_requests(), ["GET /v1/status?provider=alpha&provider=beta -"]);

    for (version, says) in [(json!(2), "version 2"), (Value::Null, "unknown version")] {
        fake.answer_version(&version);
        let home = Home::empty().arguments(&["status"]);
        let _lock = fake.runs_in(&home.state_path());
        let end = home.run().await;
        assert_eq!(end.code, Some(1));
        assert!(end.stderr.contains(says), "{}", end.stderr);
    }
}

#[tokio::test]
async fn watching_appends_until_it_is_interrupted() {
    let fake = Fake::start(None).await;
    for arguments in [&["status", "--watch=0.1"][..], &["status", "--watch=0.1", "--json"]] {
        fake.take_requests();
        let home = Home::empty().arguments(arguments);
        let _lock = fake.runs_in(&home.state_path());
        let child = home.command().spawn().unwrap();
        let pid = Pid::from_raw(child.id().unwrap().try_into().unwrap());
        until("three looks", async || (fake.requests().len() >= 3).then_some(())).await;
        fake.refuse(true);
        let refused = fake.requests().len();
        until("it to be refused", async || (fake.requests().len() > refused).then_some(())).await;
        fake.refuse(false);
        let seen = fake.requests().len();
        until("it to go on", async || (fake.requests().len() >= seen + 2).then_some(())).await;
        kill(pid, Signal::SIGINT).unwrap();
        let output = child.wait_with_output().await.unwrap();
        let (stdout, stderr) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert!(stderr.contains("warning:") && stderr.contains("503"), "{stderr}");
        fits_unless_json(&stdout, arguments);
        if arguments.contains(&"--json") {
            let documents: Vec<Value> =
                stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert!(documents.len() >= 4 && documents.iter().all(|document| *document == fake::status()));
        } else {
            assert!(stdout.matches("alpha").count() >= 4 && !stdout.contains('\u{1b}'), "{stdout}");
        }
    }
}

fn fits_unless_json(text: &str, arguments: &[&str]) {
    if !arguments.contains(&"--json") {
        fits(text);
    }
}

#[tokio::test]
async fn watching_ends_when_nobody_reads() {
    let fake = Fake::start(None).await;
    let home = Home::empty();
    let _lock = fake.runs_in(&home.state_path());
    let home = home.arguments(&["status", "--watch=0.1"]);
    let mut child = home.command().spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_route_at_80_columns() {
    let fake = Fake::start(None).await;
    let home = Home::empty().arguments(&["explain", "team", "--format=claude"]);
    let _lock = fake.runs_in(&home.state_path());
    let end = home.run().await;
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    fits(&end.stdout);
    insta::assert_snapshot!(shown(&end.stdout, &fake), @r#"
    URL                                                      2026-11-22 09:00:00 UTC

    team is the alias team (auto), asked in claude

    team (auto)
      alpha/m-large  weight 2
      alias:cheap (ordered)  weight 0.5
        gamma/m-small
      fallback: beta/m-large  weight 1

    In the order in which they would be asked:
       1 alpha/m-large  relayed in claude
         ! cap minute is used up, 28s until 09:00:28
         Per minute   [##############]          40/40  100%  in 28s      09:00:28
    >  2 gamma/m-small  translated to openai
         Month        [######........]     9000/20000   45%  in 9d       12-01 09:00
       3 beta/m-large  relayed in claude
         ! its ledger does not answer

    Left out, because they cannot serve claude:
      delta/x  speaks openai-completions

    It goes to gamma/m-small: the first in this order that has room
    note: turns are counted in each isolate, and the first one of an isolate is
    drawn by lot
    "#);
    assert_eq!(fake.take_requests(), ["GET /v1/explain?model=team&format=claude -"]);
}

#[tokio::test]
async fn without_a_gateway_the_config_explains() {
    let home = Home::new().arguments(&["explain"]);
    let end = home.run().await;
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    fits(&end.stdout);
    for part in
        ["no gateway was asked", "the default is the model alpha/m-large", "> ", "40/minute", "600/6 hours"]
    {
        assert!(end.stdout.contains(part), "{part}\n{}", end.stdout);
    }
    assert!(end.stdout.contains("It goes to alpha/m-large: the one asked for"), "{}", end.stdout);
    assert!(!home.state_path().exists(), "looking makes nothing");

    let end = Home::new().arguments(&["explain", "m-small", "--json"]).run().await;
    let told: Value = serde_json::from_str(&end.stdout).unwrap();
    assert_eq!((&told["live"], &told["route"]["kind"]), (&json!(false), &json!("bare-model")));
    assert_eq!(told["chosen"], "alpha/m-small");

    let end = Home::new().arguments(&["explain", "m-smal"]).run().await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("did you mean `alpha/m-small`?"), "{}", end.stderr);
    assert!(end.stderr.contains("`llm-router config list`"), "{}", end.stderr);

    let end = Home::empty().arguments(&["explain", "x"]).run().await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("no gateway runs here, and"), "{}", end.stderr);
}
