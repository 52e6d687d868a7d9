//! README: every command by its bare name, and the operations on a service that only the menu names.

use std::fs;

use super::super::service::{SYSTEMCTL, told, with_manager};
use super::Shell;

const PROVIDER: &str = "llm-router config --operation=upsert-provider --name=A --base-url=https://openrouter.ai/v1 \
                        --api-key=k --models=m-1 --skip-probe=true";

#[tokio::test]
async fn bare_commands() {
    let shell = Shell::new().await;
    shell.refuses("llm-router start", 2, &["llm-router.json"]).await;
    let empty = shell.works("llm-router config").await.stdout;
    shell.works(PROVIDER).await;
    let listed = shell.works("llm-router config").await.stdout;
    assert_ne!(listed, empty);
    for line in ["llm-router", "llm-router setup", "llm-router config --operation=list"] {
        assert_eq!(shell.works(line).await.stdout, listed, "{line}");
    }

    // Version 1 said the same of a gateway that does not run.
    assert!(shell.works("llm-router stop").await.stdout.contains("no running llm-router"));
    shell.refuses("llm-router reload", 1, &["llm-router start"]).await;
    let gateway = shell.serves("llm-router start").await;
    assert!(
        shell.works("llm-router reload").await.stdout.contains("the config is the one that runs already")
    );
    assert!(shell.works("llm-router stop").await.stdout.contains("mode=manual"));
    assert_eq!(gateway.ended().await.0.code(), Some(0));

    // It was installed neither by cargo nor by npm; `update` has tests of its own where it was.
    shell.refuses("llm-router update", 1, &["make build"]).await;
    for line in ["llm-router help", "llm-router --help", "llm-router config --help", "llm-router start -h"] {
        assert!(shell.works(line).await.stdout.contains("Usage: llm-router"), "{line}");
    }
    shell.refuses("llm-router start --require-auth=true", 2, &["masterKey"]).await;
    shell.refuses("llm-router strat", 2, &["start"]).await;
}

#[tokio::test]
async fn a_service() {
    let mut shell = Shell::new().await;
    let program = shell.home.path().join("bin");
    shell.home = with_manager(shell.home, "systemctl", SYSTEMCTL);
    let path = format!("{}:{}:/usr/bin:/bin", program.display(), shell.home.path().join("fake").display());
    shell.home = shell.home.variable("PATH", &path);

    let install = "llm-router config --operation=startup-install --require-auth=true --watch-binary=true";
    shell.refuses(install, 2, &[".llm-router.json"]).await;
    shell.works(PROVIDER).await;
    shell.refuses(install, 2, &["masterKey"]).await;
    shell.works("llm-router config --operation=set-master-key --generate-master-key=true").await;
    told(&shell.home);
    let end = shell.works(install).await;
    for line in ["manager=systemd", "service=llm-router.service", "url=http://127.0.0.1:8787"] {
        assert!(end.stdout.contains(line), "{line}: {}", end.stdout);
    }
    assert_eq!(told(&shell.home).last().unwrap(), "--user restart llm-router.service");
    let unit = shell.home.path().join(".config/systemd/user/llm-router.service");
    assert!(fs::read_to_string(&unit).unwrap().contains("--require-auth"));
    let end = shell.works("llm-router config --operation=startup-status").await;
    for line in ["manager=systemd", "installed=true", "service=llm-router.service", "file=", "detail="] {
        assert!(end.stdout.contains(line), "{line}: {}", end.stdout);
    }
    shell.works("llm-router config --operation=startup-uninstall").await;
    assert!(!unit.exists());
}
