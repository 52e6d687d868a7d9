//! The README's own command lines, in a shell.

use serde_json::json;

use super::predecessor::Shell;

/// The commands in the shell blocks of a section.
fn commands(heading: &str) -> Vec<String> {
    let readme = include_str!("../../../README.md");
    let section = readme.split(&format!("\n{heading}\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks
        .flat_map(|block| block.replace("\\\n", " ").lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[tokio::test]
async fn the_commands_of_the_readme_work() {
    let mut shell = Shell::new().await;
    shell.home = shell.home.variable("OPENROUTER_API_KEY", "sk-or-0123456789");
    let config = commands("## Commands");
    assert_eq!(config.len(), 5, "{config:?}");
    for line in config.iter().chain(&commands("## Caps")) {
        shell.works(line).await;
    }
    let config = shell.config();
    assert_eq!(config["defaultModel"], "team");
    let provider = &config["providers"][0];
    assert_eq!(provider["apiKeyEnv"], "OPENROUTER_API_KEY");
    assert_eq!(
        provider["rateLimits"],
        json!([
            { "id": "six-hours", "name": "Six hours", "models": ["all"], "requests": 600, "window": { "unit": "hour", "size": 6 } },
            { "id": "per-minute", "name": "Per minute", "models": ["all"], "requests": 40, "window": { "unit": "minute", "size": 1 } }
        ])
    );
    shell.works("llm-router config validate").await;
}
