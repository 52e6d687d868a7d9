//! `update`, with installers that only write down what they are told.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::process::{End, Home, install, install_script};

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A home with this program at `place` in it, and fake installers.
fn home(place: &str) -> (Home, PathBuf) {
    let home = Home::empty();
    let program = home.path().canonicalize().unwrap().join(place);
    install(env!("CARGO_BIN_EXE_llm-router").as_ref(), &program);
    let fake = home.path().join("fake");
    script(&fake, "cargo", r#"case "$1" in search) echo 'llm-router = "99.1.0"   # fake'; esac"#);
    script(&fake, "npm", r#"case "$1" in view) echo 99.2.0; esac"#);
    let path = format!("{}:/usr/bin:/bin", fake.display());
    (home.variable("PATH", &path), program)
}

fn script(directory: &Path, name: &str, text: &str) {
    install_script(&format!("echo \"{name} $*\" >> \"$HOME/told\"\n{text}"), &directory.join(name));
}

fn cargo_record(home: &Home, source: &str) {
    let name = format!("llm-router 2.0.0 ({source})");
    let record = json!({ "installs": { name: { "bins": ["llm-router"] } } });
    fs::write(home.path().join(".cargo/.crates2.json"), record.to_string()).unwrap();
}

async fn update(home: &Home, program: &Path, arguments: &[&str]) -> End {
    let words: Vec<String> =
        std::iter::once(&"update").chain(arguments).map(|&word| word.to_owned()).collect();
    End::of(home.command_of(program, &words).output().await.unwrap())
}

fn told(home: &Home) -> String {
    let path = home.path().join("told");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(path);
    text
}

#[tokio::test]
async fn cargo_updates_what_cargo_installed() {
    let (home, program) = home(".cargo/bin/llm-router");
    cargo_record(&home, CRATES_IO);
    let root = program.parent().unwrap().parent().unwrap().display().to_string();

    let end = update(&home, &program, &[]).await;
    assert!(end.code == Some(2) && end.stderr.contains("--yes"), "{}", end.stderr);
    assert_eq!(told(&home), "", "nothing is run in a script that does not say so");

    let end = update(&home, &program, &["--yes", "--json"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    let said: Value = serde_json::from_str(&end.stdout).unwrap();
    assert_eq!(
        (&said["installer"], &said["after"], &said["changed"]),
        (&json!("cargo"), &json!("99.1.0"), &json!(true))
    );
    let expected = format!(
        "cargo search --limit 10 --registry crates-io llm-router\n\
         cargo install --locked --version 99.1.0 --root {root} --registry crates-io llm-router\n"
    );
    assert_eq!(told(&home), expected);

    let current = env!("CARGO_PKG_VERSION");
    let end = update(&home, &program, &[&format!("--version={current}"), "--yes"]).await;
    assert!(end.code == Some(0) && end.stdout.contains(current), "{}", end.stderr);
    assert_eq!(told(&home), "");
    assert_eq!(update(&home, &program, &["--version=latest", "--yes"]).await.code, Some(2));
}

#[tokio::test]
async fn an_older_newest_is_no_update() {
    let (home, program) = home(".cargo/bin/llm-router");
    cargo_record(&home, CRATES_IO);
    let fake = home.path().join("fake");
    script(&fake, "cargo", r#"case "$1" in search) echo 'llm-router = "1.9.0"'; esac"#);
    let end = update(&home, &program, &["--yes"]).await;
    assert!(end.code == Some(0) && !told(&home).contains("install"), "{}", end.stderr);
    // One that is called alike is not it.
    script(&fake, "cargo", r#"case "$1" in search) echo 'llm-router-x = "99.0.0"'; esac"#);
    assert_eq!(update(&home, &program, &["--yes"]).await.code, Some(1));
    script(&fake, "cargo", "echo 'no network' >&2; exit 101");
    let end = update(&home, &program, &["--yes"]).await;
    assert!(end.code == Some(1) && end.stderr.contains("no network"), "{}", end.stderr);
    told(&home);
    let end = update(&home, &program, &["--yes", "--version=99.0.0"]).await;
    assert!(end.code == Some(1) && end.stderr.contains("failed"), "{}", end.stderr);
}

#[tokio::test]
async fn npm_updates_what_npm_installed() {
    let (home, program) = home("pre fix/lib/node_modules/@x/router/bin/llm-router");
    let prefix = home.path().canonicalize().unwrap().join("pre fix").display().to_string();
    let end = update(&home, &program, &["--yes"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert!(end.stdout.contains("updated from"), "{}", end.stdout);
    let expected =
        format!("npm view @x/router version\nnpm install --global --prefix {prefix} @x/router@99.2.0\n");
    assert_eq!(told(&home), expected);
}

#[tokio::test]
async fn what_nobody_installed_is_told_how() {
    for (place, source, part) in [
        ("opt/llm-router", None, "in no registry yet"),
        ("app/node_modules/router/llm-router", None, "npm install router@VERSION"),
        (
            ".cargo/bin/llm-router",
            Some("path+file:///src/router"),
            "cargo install --locked --path '/src/router'",
        ),
        (".cargo/bin/llm-router", Some("git+https://g.test/r#1"), "--git 'https://g.test/r'"),
    ] {
        let (home, program) = home(place);
        if let Some(source) = source {
            cargo_record(&home, source);
        }
        let end = update(&home, &program, &["--yes", "--version=99.0.0"]).await;
        assert!(end.code == Some(1) && end.stderr.contains(part), "{place}: {}", end.stderr);
        assert_eq!(told(&home), "", "{place}");
    }
}
