//! The gateway as a service, with managers that only write down what they are told.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::process::{End, Gateway, Home, config, install_script, until};

pub(super) const SYSTEMCTL: &str = r#"echo "$*" >> "$HOME/told"
[ ! -e "$HOME/broken" ] || { echo "Failed to connect to bus" >&2; exit 1; }
case "$2" in
  is-active) if [ -e "$HOME/active" ]; then echo active; else echo inactive; exit 3; fi ;;
  start) touch "$HOME/active" ;;
  restart) touch "$HOME/active"; [ ! -x "$HOME/on-restart" ] || "$HOME/on-restart" ;;
  stop|disable) rm -f "$HOME/active"; [ ! -x "$HOME/on-stop" ] || "$HOME/on-stop" ;;
esac"#;

const LAUNCHCTL: &str = r#"echo "$*" >> "$HOME/told"
case "$1" in
  print) [ -e "$HOME/active" ] || { echo "Could not find service" >&2; exit 113; }; echo "	state = running" ;;
  bootstrap) touch "$HOME/active" ;;
  bootout) rm -f "$HOME/active" ;;
esac"#;

/// A home with a manager in it.
pub(super) fn with_manager(home: Home, program: &str, script: &str) -> Home {
    install_script(script, &home.path().join("fake").join(program));
    let path = format!("{}:/usr/bin:/bin", home.path().join("fake").display());
    let manager = if program == "systemctl" { "systemd" } else { "launchd" };
    home.variable("PATH", &path).variable("LLM_ROUTER_STARTUP_MANAGER", manager)
}

async fn run(home: &Home, arguments: &[&str]) -> End {
    let words: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
    let mut command = home.command_of(env!("CARGO_BIN_EXE_llm-router").as_ref(), &words);
    End::of(command.output().await.unwrap())
}

/// What the manager was told since the last time.
pub(super) fn told(home: &Home) -> Vec<String> {
    let path = home.path().join("told");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(path);
    text.lines().map(str::to_owned).collect()
}

fn unit_path(home: &Home) -> PathBuf {
    home.path().join(".config/systemd/user/llm-router.service")
}

#[tokio::test]
async fn a_systemd_unit_comes_and_goes() {
    let home = with_manager(Home::new(), "systemctl", SYSTEMCTL);
    let end = run(&home, &["config", "--operation=startup-status"]).await;
    assert_eq!(end.code, Some(0));
    for line in ["manager=systemd", "installed=false", "running=false", "detail=inactive"] {
        assert!(end.stdout.lines().any(|said| said == line), "{line}: {}", end.stdout);
    }
    told(&home);

    let mut keyed = config();
    keyed["providers"][0].as_object_mut().unwrap().remove("apiKey");
    keyed["providers"][0]["apiKeyEnv"] = json!("ALPHA_KEY");
    home.write_config(&keyed.to_string());
    let home = home.variable("ALPHA_KEY", "sk-of-the-shell");
    let end = run(&home, &["config", "--operation=startup-install", "--port=4321"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    for line in ["manager=systemd", "service=llm-router.service", "url=http://127.0.0.1:4321", "auth=off"] {
        assert!(end.stdout.lines().any(|said| said == line), "{line}: {}", end.stdout);
    }
    assert!(end.stderr.contains("ALPHA_KEY") && end.stderr.contains(".llm-router.env"), "{}", end.stderr);
    assert!(end.stderr.contains("enable-linger"), "{}", end.stderr);
    let expected = ["daemon-reload", "enable llm-router.service", "restart llm-router.service"];
    assert_eq!(told(&home), expected.map(|words| format!("--user {words}")));

    let unit = fs::read_to_string(unit_path(&home)).unwrap();
    assert_eq!(fs::metadata(unit_path(&home)).unwrap().permissions().mode() & 0o777, 0o644);
    assert!(!unit.contains("sk-of-the-shell"));
    for part in [
        "\"--port=4321\"",
        &format!("\"--config={}\"", home.config_path().display()),
        "Restart=on-failure",
        "WantedBy=default.target",
        "Environment=\"LLM_ROUTER_MANAGED_BY_STARTUP=1\"",
    ] {
        assert!(unit.contains(part), "{part}: {unit}");
    }

    fs::write(home.path().join(".llm-router.env"), "ALPHA_KEY=sk\n").unwrap();
    let end = run(&home, &["config", "startup-install", "--port=4321", "--json"]).await;
    let said: Value = serde_json::from_str(&end.stdout).unwrap();
    assert_eq!((&said["changed"], &said["missingVariables"]), (&json!(false), &json!([])));
    assert!(end.stderr.contains("chmod 600"), "{}", end.stderr);
    assert_eq!(told(&home).last().unwrap(), "--user start llm-router.service");

    let end = run(&home, &["config", "startup-status", "--json"]).await;
    let said: Value = serde_json::from_str(&end.stdout).unwrap();
    assert_eq!((&said["installed"], &said["running"]), (&json!(true), &json!(true)));
    told(&home);

    assert_eq!(run(&home, &["config", "--op=startup-uninstall"]).await.code, Some(0));
    let expected = ["disable --now llm-router.service", "daemon-reload"];
    assert_eq!(told(&home), expected.map(|words| format!("--user {words}")));
    assert!(!unit_path(&home).exists() && home.config_path().exists());
    let end = run(&home, &["config", "startup-uninstall"]).await;
    assert!(end.code == Some(0) && end.stdout.contains("there was no service"), "{}", end.stdout);
    assert!(told(&home).is_empty());
}

#[tokio::test]
async fn a_launchd_agent_comes_and_goes() {
    let home = with_manager(Home::new(), "launchctl", LAUNCHCTL);
    let end = run(&home, &["config", "startup-install"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    let plist = home.path().join("Library/LaunchAgents/dev.llm-router.plist");
    let text = fs::read_to_string(&plist).unwrap();
    assert!(
        text.contains("<key>SuccessfulExit</key>") && text.contains("<string>--port=8787</string>"),
        "{text}"
    );
    let commands = told(&home);
    assert!(commands.last().unwrap().starts_with("bootstrap gui/"), "{commands:?}");
    let end = run(&home, &["config", "startup-status"]).await;
    assert!(end.stdout.contains("running=true"), "{}", end.stdout);
    assert_eq!(run(&home, &["config", "startup-uninstall"]).await.code, Some(0));
    assert!(told(&home).iter().any(|command| command.starts_with("bootout gui/")));
    assert!(!plist.exists());
}

/// What a property list reader takes out of one with every odd character in its paths, and what launchd would
/// then run: the environment file is read, and its words arrive as they are.
#[tokio::test]
async fn launchd_gets_odd_paths_as_they_are() {
    const READ: &str =
        "import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
    let home = with_manager(Home::new(), "launchctl", LAUNCHCTL);
    let odd = home.path().join(r#"a b & <c> 50% "q" 'x' $HOME `id` \n ;#.json"#);
    fs::rename(home.config_path(), &odd).unwrap();
    let variables = home.path().join("$(id) & co.env");
    fs::write(&variables, "ALPHA_KEY='sk &<>$x'\nLLM_ROUTER_LOG_LEVEL=off\n").unwrap();
    fs::set_permissions(&variables, fs::Permissions::from_mode(0o600)).unwrap();
    let (config, file) =
        (format!("--config={}", odd.display()), format!("--environment-file={}", variables.display()));
    let end = run(&home, &["config", "startup-install", &config, &file]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    let plist = home.path().join("Library/LaunchAgents/dev.llm-router.plist");
    let Ok(output) = Command::new("python3").arg("-c").arg(READ).arg(plist).output() else { return };
    let agent: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(agent["Label"], "dev.llm-router");
    assert_eq!(agent["KeepAlive"], json!({ "SuccessfulExit": false }));
    assert_eq!(agent["EnvironmentVariables"]["LLM_ROUTER_MANAGED_BY_STARTUP"], "1");
    let words: Vec<&str> =
        agent["ProgramArguments"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert!(words.contains(&config.as_str()), "{words:?}");

    let shell = words.iter().position(|word| word.ends_with("co.env")).unwrap();
    let mut command = Command::new(words[0]);
    command.args(&words[1..=shell]).args(["printenv", "ALPHA_KEY", "LLM_ROUTER_LOG_LEVEL"]);
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "sk &<>$x\noff\n");
}

#[tokio::test]
async fn what_cannot_work_is_not_installed() {
    let home = with_manager(Home::empty(), "systemctl", SYSTEMCTL);
    assert_eq!(run(&home, &["config", "startup-install"]).await.code, Some(2), "no file");
    home.write_config(&json!({ "version": 2, "providers": [] }).to_string());
    assert_eq!(run(&home, &["config", "startup-install"]).await.code, Some(2), "no provider");
    home.write_config(&config().to_string());
    let home = home.variable("LLM_ROUTER_MASTER_KEY", "of the shell alone");
    let end = run(&home, &["config", "startup-install", "--require-auth=true"]).await;
    assert!(end.code == Some(2) && end.stderr.contains("masterKey"), "{}", end.stderr);
    let end = run(&home, &["config", "startup-install", "--environment-file=absent"]).await;
    assert!(end.code == Some(2) && end.stderr.contains("absent"), "{}", end.stderr);
    assert!(told(&home).is_empty() && !unit_path(&home).exists());

    fs::write(home.path().join("service.env"), "LLM_ROUTER_MASTER_KEY=k\n").unwrap();
    fs::write(home.path().join("broken"), "").unwrap();
    let typed = ["config", "startup-install", "--require-auth=true", "--environment-file=service.env"];
    let end = run(&home, &typed).await;
    assert!(end.code == Some(1) && end.stderr.contains("hint: log in"), "{}", end.stderr);
    assert!(!unit_path(&home).exists(), "what the manager did not take is taken back");
    fs::remove_file(home.path().join("broken")).unwrap();
    assert_eq!(run(&home, &typed).await.code, Some(0));

    // Somebody else's.
    fs::write(unit_path(&home), "[Service]\nExecStart=/bin/true\n").unwrap();
    told(&home);
    for operation in ["startup-install", "startup-uninstall"] {
        let end = run(&home, &["config", operation]).await;
        assert!(end.code == Some(1) && end.stderr.contains("not written by llm-router"), "{}", end.stderr);
    }
    assert!(told(&home).is_empty());
    assert!(fs::read_to_string(unit_path(&home)).unwrap().contains("/bin/true"));
}

#[tokio::test]
async fn without_a_manager_it_is_said() {
    let home = Home::new().variable("LLM_ROUTER_STARTUP_MANAGER", "rc");
    let end = run(&home, &["config", "startup-status"]).await;
    assert!(end.code == Some(0) && end.stdout.contains("manager=unsupported"), "{}", end.stdout);
    assert_eq!(run(&home, &["config", "startup-install"]).await.code, Some(1));
}

/// What the real systemd thinks of a unit with every odd character in its paths, where there is one.
#[tokio::test]
async fn systemd_accepts_odd_paths() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        return;
    }
    let home = with_manager(Home::new(), "systemctl", SYSTEMCTL);
    let odd = home.path().join(r#"a b 50% "q" 'x' $HOME \n ;#.json"#);
    fs::rename(home.config_path(), &odd).unwrap();
    let end = run(&home, &["config", "startup-install", &format!("--config={}", odd.display())]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    let verify = Command::new("systemd-analyze")
        .args(["verify", "--user", "--man=no"])
        .arg(unit_path(&home))
        .env("XDG_RUNTIME_DIR", home.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verify.stderr);
    assert!(!said.contains("llm-router.service:"), "{said}");
}

fn managed() -> Home {
    let home = with_manager(Home::new(), "systemctl", SYSTEMCTL);
    home.variable("LLM_ROUTER_MANAGED_BY_STARTUP", "1")
}

/// Ends the gateway as its manager does.
const END: &str = r#"pid=$(sed -n 's/.*"llmRouter":\([0-9]*\).*/\1/p' "$HOME/.llm-router/run/pids")
kill "$pid"; while [ -e "$HOME/.llm-router/run/pids" ]; do sleep 0.05; done"#;

async fn dead(gateway: Gateway) {
    assert_eq!(gateway.ended().await.0.code(), Some(0));
}

#[tokio::test]
async fn a_service_is_stopped_by_its_manager() {
    let home = managed();
    install_script(END, &home.path().join("on-stop"));
    let gateway = home.start().await;
    let end = run(&home, &["stop"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert!(end.stdout.contains("mode=startup") && end.stdout.contains("service=llm-router.service"));
    assert_eq!(told(&home), ["--user stop llm-router.service"]);
    dead(gateway).await;
}

#[tokio::test]
async fn a_service_is_started_again_for_a_good_config_only() {
    let home = managed();
    let program = env!("CARGO_BIN_EXE_llm-router");
    install_script(
        &format!("{END}\nnohup '{program}' start --port=0 >/dev/null 2>&1 &"),
        &home.path().join("on-restart"),
    );
    install_script(END, &home.path().join("on-stop"));
    let gateway = home.start().await;

    home.write_config("{");
    let end = run(&home, &["reload"]).await;
    assert!(end.code == Some(1) && end.stderr.contains("not reloaded"), "{}", end.stderr);
    assert!(told(&home).is_empty());

    home.write_config(&config().to_string());
    let end = run(&home, &["reload"]).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert!(end.stdout.contains("mode=startup"), "{}", end.stdout);
    assert_eq!(told(&home), ["--user restart llm-router.service"]);
    dead(gateway).await;
    assert_eq!(run(&home, &["stop"]).await.code, Some(0));
    let pids = home.state_path().join("run/pids");
    until("the end of the next one", async || (!pids.exists()).then_some(())).await;
}
