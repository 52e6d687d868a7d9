//! A gateway that runs: what it says, what it takes, what it keeps.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::process::{Home, config, is_alive, until, workerd};

#[tokio::test]
async fn the_banner_has_all_that_a_client_needs() {
    let home = Home::new();
    let gateway = home.start().await;
    let (banner, url) = (gateway.stdout(), &gateway.url);
    for part in [
        &format!("{url}/openai\n"),
        &format!("{url}/anthropic\n"),
        "alpha (Alpha): 2 models, key sk-a...6789, caps 40/minute, 600/6 hours of m-large",
        home.config_path().to_str().unwrap(),
        "reloaded when it changes",
        ".llm-router\n",
        "off: every client is let in",
        r#"{"model":"alpha/m-large""#,
        &format!("curl {url}/openai/v1/chat/completions"),
    ] {
        assert!(banner.contains(part), "{part}\n{banner}");
    }
    assert!(!banner.contains("sk-alpha-0123456789"));
    assert_eq!(gateway.stderr(), "");
    gateway.stop().await;
}

#[tokio::test]
async fn programs_are_told_where_it_is() {
    let home = Home::new().argument("--json");
    let mut child = home.command().spawn().unwrap();
    let pid = child.id().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = stdout.next_line().await.unwrap().unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&said["ok"], &said["pid"], &said["requireAuth"], &said["providers"], &said["watchConfig"]),
        (&json!(true), &json!(pid), &json!(false), &json!(["alpha"]), &json!(true))
    );
    let health = reqwest::get(format!("{}/health", said["url"].as_str().unwrap())).await.unwrap();
    assert_eq!(health.status(), 200);
    kill(Pid::from_raw(pid.try_into().unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
    assert_eq!(stdout.next_line().await.unwrap(), None);
}

#[tokio::test]
async fn hosts_are_addresses_or_names() {
    for (host, url) in
        [("localhost", "http://localhost:"), ("0.0.0.0", "http://127.0.0.1:"), ("::1", "http://[::1]:")]
    {
        if TcpListener::bind((host, 0)).is_err() {
            continue; // a machine without IPv6
        }
        let gateway = Home::new().argument(format!("--host={host}")).start().await;
        assert!(gateway.url.starts_with(url), "{}", gateway.url);
        assert_eq!(gateway.get("/health").await["status"], "ok");
        assert_eq!(gateway.stderr().contains("reachable from other machines"), host == "0.0.0.0");
        gateway.stop().await;
    }
    let end = Home::new().argument("--host=192.0.2.1").run().await;
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("address of this machine"), "{}", end.stderr);
}

#[tokio::test]
async fn workerd_may_be_named_from_here() {
    let home = Home::new();
    symlink(workerd(), home.path().join("wd")).unwrap();
    home.argument("--workerd=./wd").start().await.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_not_fought_for() {
    let owner = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = owner.local_addr().unwrap().port();
    let end = Home::new().argument(format!("--port={port}")).run().await;
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains(&format!("pid {}", std::process::id())), "{}", end.stderr);
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok(), "the owner goes on");
}

#[tokio::test]
async fn one_gateway_a_state_directory() {
    let home = Home::new();
    let gateway = home.start().await;
    let end = home.run().await;
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains(&format!("(pid {}) already runs", gateway.pid())), "{}", end.stderr);
    assert!(end.stderr.contains(&gateway.url), "{}", end.stderr);
    assert_eq!(gateway.get("/count").await, 1, "the first one goes on");

    let workerd = gateway.workerd_pid();
    gateway.signal(Signal::SIGKILL);
    let (status, _) = gateway.ended().await;
    assert_eq!(status.code(), None);
    assert!(is_alive(workerd), "nobody told it");
    let end = home.run().await;
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains(&format!("workerd (pid {workerd}) still runs")), "{}", end.stderr);

    kill(Pid::from_raw(workerd), Signal::SIGKILL).unwrap();
    until("its end", async || (!is_alive(workerd)).then_some(())).await;
    let gateway = home.start().await;
    assert_eq!(gateway.get("/count").await, 2, "objects outlive it all");
    gateway.stop().await;
}

#[tokio::test]
async fn objects_are_kept_from_an_older_workerd() {
    let home = Home::new();
    fs::create_dir_all(home.state_path()).unwrap();
    fs::write(home.state_path().join("workerd-version"), "2099-01-01\n").unwrap();
    let end = home.run().await;
    assert_eq!(end.code, Some(1));
    assert!(end.stderr.contains("was written by workerd 2099-01-01"), "{}", end.stderr);
}

#[tokio::test]
async fn settings_reach_the_worker() {
    let home = Home::new();
    let mut keyed = config();
    let provider = keyed["providers"][0].as_object_mut().unwrap();
    provider.remove("apiKey");
    provider.insert("apiKeyEnv".to_owned(), json!("ALPHA_KEY"));
    home.write_config(&keyed.to_string());
    let home = home
        .variable("ALPHA_KEY", "sk-from-\"environment\"")
        .variable("LLM_ROUTER_ALLOWED_IPS", "*")
        .variable("LLM_ROUTER_CONFIG_JSON", "{}")
        .variable("UNRELATED", "x");
    let gateway = home.start().await;
    let env = gateway.get("/env").await;
    assert_eq!(env["ALPHA_KEY"], "sk-from-\"environment\"");
    assert_eq!(env["LLM_ROUTER_ALLOWED_IPS"], "*");
    assert_eq!(env["LLM_ROUTER_LOCAL"], json!({ "requireAuth": false }));
    assert_eq!(env["PROVIDERS"], "function");
    for absent in ["UNRELATED", "LLM_ROUTER_WORKERD", "LLM_ROUTER_BUNDLE_DIR", "HOME"] {
        assert!(env.get(absent).is_none(), "{absent}");
    }
    assert_eq!(gateway.get("/boot").await, keyed, "the file's config, not the variable's");
    assert!(gateway.stdout().contains("key from $ALPHA_KEY"));
    gateway.stop().await;

    let gateway = home.without_variable("ALPHA_KEY").start().await;
    let warning = gateway.says(0, &["warning", "`alpha`", "$ALPHA_KEY"]).await;
    assert!(warning.contains("not set"), "{warning}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_config_longer_than_a_variable_arrives_whole() {
    let home = Home::new();
    let mut long = config();
    long["metadata"] = json!({ "note": "é\"\\\n".repeat(40_000) });
    let text = serde_json::to_string_pretty(&long).unwrap();
    assert!(text.len() > 300_000);
    home.write_config(&text);
    let gateway = home.start().await;
    assert_eq!(gateway.get("/boot").await, long);
    assert!(gateway.get("/env").await["LLM_ROUTER_CONFIG_JSON_4"].is_string());
    gateway.stop().await;
}

#[tokio::test]
async fn secrets_are_in_no_file_and_no_argument() {
    let home = Home::new();
    let mut keyed = config();
    keyed["masterKey"] = json!("gw-secret-of-the-config");
    home.write_config(&keyed.to_string());
    let home = home.variable("LLM_ROUTER_SOME_SECRET", "secret-of-the-environment");
    let gateway = home.start().await;
    assert_eq!(gateway.get("/count").await, 1);

    let secrets = ["sk-alpha-0123456789", "gw-secret-of-the-config", "secret-of-the-environment"];
    let mut places = vec![gateway.stdout().into_bytes(), gateway.stderr().into_bytes()];
    for pid in [gateway.pid(), gateway.workerd_pid()] {
        places.push(fs::read(format!("/proc/{pid}/cmdline")).unwrap());
    }
    let files = files_below(&home.state_path());
    assert!(files.len() > 6, "{files:?}");
    places.extend(files.iter().filter(|path| path.is_file()).map(|path| fs::read(path).unwrap()));
    for place in places {
        let text = String::from_utf8_lossy(&place);
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
    }

    // What others could open lies behind a directory that they cannot.
    for directory in [home.state_path(), home.state_path().join("run"), home.state_path().join("objects")] {
        let mode = fs::metadata(&directory).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", directory.display());
    }
    gateway.stop().await;
}

fn files_below(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn a_config_is_only_read() {
    let home = Home::new();
    let text =
        format!("{}\n\n", serde_json::to_string_pretty(&config()).unwrap().replace("\"version\": 2,\n", ""));
    home.write_config(&text);
    fs::set_permissions(home.config_path(), fs::Permissions::from_mode(0o644)).unwrap();
    let before = fs::metadata(home.config_path()).unwrap();
    let gateway = home.start().await;
    gateway.says(0, &["warning", "other users can read", "chmod 600"]).await;
    gateway.stop().await;
    let after = fs::metadata(home.config_path()).unwrap();
    assert_eq!(fs::read_to_string(home.config_path()).unwrap(), text);
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
    assert_eq!(after.permissions().mode() & 0o777, 0o644);
}

#[tokio::test]
async fn a_long_state_directory_still_has_a_control_socket() {
    let home = Home::new();
    let deep = home.path().join("d".repeat(120));
    let gateway = Home::start(&home.argument(format!("--state-dir={}", deep.display()))).await;
    assert_eq!(gateway.get("/count").await, 1);
    assert!(deep.join("run/pids").exists() && !deep.join("run/control.sock").exists());
    gateway.stop().await;
}

#[tokio::test]
async fn only_a_flag_makes_a_test_team_the_one_that_is_believed() {
    let home = Home::new()
        .variable("LLM_ROUTER_ACCESS_TEAM_DOMAIN", "t.cloudflareaccess.com")
        .variable("LLM_ROUTER_ACCESS_AUD", "0123456789abcdef0123456789abcdef")
        .variable("LLM_ROUTER_ACCESS_CERTS_URL", "http://127.0.0.1:1/variable")
        .variable(
            "LLM_ROUTER_LOCAL",
            r#"{"requireAuth":false,"accessCertsUrl":"http://127.0.0.1:1/variable"}"#,
        );
    let gateway = home.start().await;
    let env = gateway.get("/env").await;
    assert_eq!(env["LLM_ROUTER_ACCESS_TEAM_DOMAIN"], "t.cloudflareaccess.com");
    assert_eq!(env["LLM_ROUTER_LOCAL"], json!({ "requireAuth": false }));
    assert!(gateway.stdout().contains("only with a token of https://t.cloudflareaccess.com"));
    gateway.stop().await;

    let url = "http://127.0.0.1:1/\"flag\"";
    let gateway = home.argument(format!("--access-certs-url={url}")).start().await;
    let local = json!({ "requireAuth": false, "accessCertsUrl": url });
    assert_eq!(gateway.get("/env").await["LLM_ROUTER_LOCAL"], local);
    gateway.says(0, &["warning", "for tests only"]).await;
    gateway.stop().await;
}

#[tokio::test]
async fn access_that_would_let_nobody_in_is_not_started() {
    let aud = ("LLM_ROUTER_ACCESS_AUD", "0123456789abcdef0123456789abcdef");
    let end = Home::new().variable(aud.0, aud.1).run().await;
    assert_eq!(end.code, Some(2));
    assert!(
        end.stderr.contains("LLM_ROUTER_ACCESS_AUD: needs LLM_ROUTER_ACCESS_TEAM_DOMAIN"),
        "{}",
        end.stderr
    );
    let home = Home::new()
        .variable(aud.0, aud.1)
        .variable("LLM_ROUTER_ACCESS_TEAM_DOMAIN", "t.cloudflareaccess.com");
    let end = home.argument("--access-certs-url=http://evil.test/").run().await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("must be 127.0.0.1"), "{}", end.stderr);
}
