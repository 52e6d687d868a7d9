//! A script for version 1, in its spellings, from the first provider to the last cap.

use serde_json::json;

use super::Home;

#[test]
fn a_script_for_version_1_runs() {
    let home = Home::empty();
    let script = [
        "config --operation=upsert-provider --provider-id=openrouter --name=OpenRouter --base-url=https://openrouter.ai/api/v1 --api-key=sk-or-v1-0123456789 --models=claude-3-7-sonnet,gpt-4o,gpt-4o-mini --format=openai --skip-probe=true",
        "config --op=add-provider --providerId zai --name ZAI --anthropicBaseUrl https://api.z.ai/api/anthropic --apiKey zk-0123456789 --models glm-4.7 --skipProbe true",
        "config --operation=set-model-fallbacks --provider-id=openrouter --model=gpt-4o --fallback-models=openrouter/gpt-4o-mini,zai/glm-4.7",
        "config --operation=upsert-model-alias --alias-id=chat.default --strategy=auto --targets=openrouter/gpt-4o-mini@3,zai/glm-4.7@2 --fallback-targets=openrouter/gpt-4o",
        "setup --operation=set-provider-rate-limits --provider-id=openrouter --bucket-name=Monthly --bucket-models=all --bucket-requests=20000 --bucket-window=month:1",
        "config --operation=set-provider-rate-limits --provider-id=openrouter --bucket-name=Hourly --bucket-models=gpt-4o,gpt-4o-mini --bucket-requests=600 --bucket-window=6hours",
        "config --operation=set-provider-rate-limits --provider-id=openrouter --remove-bucket=true --bucket-id=hourly",
        "config --operation=set-master-key --generate-master-key=true --master-key-length=40",
        "config --operation=remove-model --provider-id=openrouter --model=claude-3-7-sonnet",
        "--operation=migrate-config --create-backup=true",
        "config --operation=list-routing",
        "config",
    ];
    for line in script {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(home.run(&words).code, Some(0), "{line}: {:?}", home.run(&words));
    }
    let config = home.config();
    assert_eq!(config["defaultModel"], "openrouter/gpt-4o");
    assert_eq!(
        config["providers"][1]["baseUrlByFormat"],
        json!({ "claude": "https://api.z.ai/api/anthropic" })
    );
    assert_eq!(
        config["modelAliases"]["chat.default"]["targets"][0],
        json!({ "ref": "openrouter/gpt-4o-mini", "weight": 3 })
    );
    assert_eq!(config["providers"][0]["rateLimits"].as_array().unwrap().len(), 1);
    home.op(&["validate"]).ok();
    home.op(&["remove-provider", "--provider-id=zai", "--cascade"]).ok();
    home.op(&["remove-model-alias", "--alias-id=chat.default"]).ok();
}
