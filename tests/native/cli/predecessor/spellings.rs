//! Every name and form that version 1 took for an operation or a flag means the same as the one that is written
//! in the help.

use super::super::config::{Home, sample};

/// What is written in the help, and what else means that. Words are separated by spaces.
const SPELLINGS: [(&str, &[&str]); 21] = [
    (
        "config upsert-provider --provider-id=gamma --name=Gamma --base-url=https://g.test/v1 --api-key=k --models=m-1 --format=openai --skip-probe",
        &[
            "config --operation=upsert-provider --provider-id=gamma --name=Gamma --base-url=https://g.test/v1 --api-key=k --models=m-1 --format=openai --skip-probe=true",
            "config --operation upsert-provider --provider-id gamma --name Gamma --base-url https://g.test/v1 --api-key k --models m-1 --format openai --skip-probe true",
            "config --op=add-provider --providerId=gamma --name=Gamma --baseUrl=https://g.test/v1 --apiKey=k --models=m-1 --format=openai --skipProbe=yes",
            "config --op edit-provider --providerId gamma --name Gamma --baseUrl https://g.test/v1 --apiKey k --models m-1 --format openai --skipProbe Y",
            "setup --op=upsert-provider --provider-id=gamma --name=Gamma --endpoints=https://g.test/v1 --api-key=k --models=m-1 --skip-probe=1",
            "--operation=upsert-provider --provider-id=gamma --name=Gamma --base-url=https://g.test/v1 --api-key=k --models=models=m-1 --skip-probe",
            "--skip-probe=true config --operation=upsert-provider --name=Wrong --provider-id=gamma --name=Gamma --base-url=https://g.test/v1 --api-key=k --models=m-1,m-1",
            "config --operation=upsert-provider --provider-id=gamma --name=Gamma --base-url=https://g.test/v1 --api-key=k --models=m-1 --headers= --openai-base-url= --skip-probe --probe-rpm=9",
        ],
    ),
    (
        "config upsert-provider --provider-id=alpha --openai-base-url=https://o.test/v1 --claude-base-url=https://c.test --skip-probe",
        &[
            "config --op=upsert-provider --providerId=ALPHA --openaiBaseUrl=https://o.test/v1 --claudeBaseUrl=https://c.test --skipProbe",
            "config --op=upsert-provider --provider-id=alpha --openai-base-url=https://o.test/v1 --anthropic-base-url=https://c.test --skip-probe",
            "config --op=upsert-provider --provider-id=alpha --openai-base-url=https://o.test/v1 --anthropicBaseUrl=https://c.test --skip-probe",
        ],
    ),
    (
        "config upsert-provider --provider-id=beta --formats=claude,openai --skip-probe --probe-rpm=60",
        &[
            "config --op=upsert-provider --provider-id=beta --formats=anthropic;openai --skip-probe --probe-requests-per-minute=60",
            "config --op=upsert-provider --provider-id=beta --formats=claude;openai --skip-probe --probeRequestsPerMinute=60 --probeRpm=60",
        ],
    ),
    (
        "config upsert-provider --provider-id=beta --master-key=kZ8mQ2vX9bN4cR7tY1wE5uI3 --skip-probe",
        &[
            "config --op=upsert-provider --provider-id=beta --masterKey=kZ8mQ2vX9bN4cR7tY1wE5uI3 --skip-probe",
            "config --op=upsert-provider --provider-id=beta --set-master-key=true --master-key=kZ8mQ2vX9bN4cR7tY1wE5uI3 --skip-probe",
        ],
    ),
    (
        "config remove-provider --provider-id=beta --cascade",
        &[
            "config --operation=remove-provider --providerId=beta --cascade=true",
            "config --op remove-provider --cascade YES --provider-id beta",
        ],
    ),
    (
        "config remove-model --provider-id=alpha --model=m-small --cascade",
        &["config --operation=remove-model --providerId=alpha --model=m-small --cascade=1"],
    ),
    (
        "config remove-model --provider-id=alpha --model=m-large --cascade",
        &["config --operation=remove-model --provider-id=alpha --model=big --cascade"],
    ),
    (
        "config set-model-fallbacks --provider-id=alpha --model=m-large --fallback-models=beta/m-mini,alpha/m-small",
        &[
            "config --operation=set-model-fallback --provider-id=alpha --model=m-large --fallback-models=beta/m-mini;alpha/m-small",
            "config --operation=set-model-fallbacks --providerId=alpha --model=big --fallbackModels=beta/m-mini,alpha/m-small",
            "config --operation=set-model-fallbacks --provider-id=alpha --model=m-large --fallbacks beta/m-mini,alpha/m-small",
        ],
    ),
    (
        "config set-model-fallbacks --provider-id=alpha --model=m-large --clear-fallbacks",
        &["config --op=set-model-fallbacks --provider-id=alpha --model=m-large --clearFallbacks=true"],
    ),
    (
        "config upsert-model-alias --alias-id=fast --strategy=auto --targets=alpha/m-small@2,beta/m-mini --fallback-targets=alpha/m-large",
        &[
            "config --operation=upsert-model-alias --alias-id=fast --strategy=auto --targets=alpha/m-small@2,beta/m-mini --fallback-targets=alpha/m-large",
            "config --op=set-model-alias --aliasId=fast --strategy=automatic --aliasTargets=alpha/m-small:2,beta/m-mini --fallbackTargets=alpha/m-large",
            "config --op=upsert-model-alias --alias=fast --strategy=SMART --alias-targets=alpha/m-small@2;beta/m-mini --alias-fallback-targets=alpha/m-large",
            r#"config --op=upsert-model-alias --alias=fast --strategy=auto --targets=[{"ref":"alpha/m-small","weight":2},"beta/m-mini"] --fallback-targets=alpha/m-large"#,
        ],
    ),
    (
        r#"config upsert-model-alias --alias-id=team --clear-fallback-targets --alias-metadata={"why":"x"}"#,
        &[
            r#"config --op=upsert-model-alias --alias-id=team --clearFallbackTargets=true --aliasMetadata={"why":"x"}"#,
            r#"config --op=upsert-model-alias --alias-id=team --clear-fallback-targets=y --metadata={"why":"x"}"#,
        ],
    ),
    (
        "config remove-model-alias --alias-id=team",
        &[
            "config --operation=remove-model-alias --aliasId=team",
            "config --op remove-model-alias --alias team",
        ],
    ),
    (
        "config set-provider-rate-limits --provider-id=beta --bucket-name=Hours --bucket-models=all --bucket-requests=600 --bucket-window=6h",
        &[
            "config --operation=set-provider-rate-limits --provider-id=beta --bucket-name=Hours --bucket-models=all --bucket-requests=600 --bucket-window=hour:6",
            "config --op=set-rate-limits --providerId=beta --bucketName=Hours --bucketModels=ALL --bucketRequests=600 --bucketWindow=6hours",
            "config --op=set-rate-limits --provider-id=beta --bucket-name=Hours --models=all --requests=600 --window=hour/6",
            r#"config --op=set-rate-limits --provider-id=beta --rate-limits={"name":"Hours","models":"all","requests":600,"window":"hour-6"}"#,
            r#"config --op=set-rate-limits --provider-id=beta --rateLimits=[{"bucket-name":"Hours","model-selector":"all","limit":600,"window-unit":"hr","window-size":6}]"#,
            r#"config --op=set-rate-limits --provider-id=beta --rate-limits=[{"name":"Hours","model":"all","requests":600,"windowUnit":"hour","windowSize":6}]"#,
            r#"config --op=set-rate-limits --provider-id=beta --rate-limits=[{"name":"Hours","models":["all"],"requests":600,"window":{"unit":"hour","size":6}}]"#,
        ],
    ),
    (
        "config set-provider-rate-limits --provider-id=alpha --bucket-id=large --remove-bucket",
        &["config --op=set-provider-rate-limits --provider-id=alpha --bucketId=large --removeBucket=true"],
    ),
    (
        "config set-provider-rate-limits --provider-id=alpha --replace-rate-limits --bucket-id=d --bucket-models=m-small --bucket-requests=9 --bucket-window=1d",
        &[
            "config --op=set-provider-rate-limits --provider-id=alpha --replaceRateLimits=true --bucket-id=d --bucket-models=m-small --bucket-requests=9 --bucket-window=day:1",
        ],
    ),
    (
        "config set-master-key --master-key=kZ8mQ2vX9bN4cR7tY1wE5uI3",
        &[
            "config --operation=set-master-key --masterKey=kZ8mQ2vX9bN4cR7tY1wE5uI3",
            "config --op set-master-key --master-key kZ8mQ2vX9bN4cR7tY1wE5uI3 --generate-master-key=true",
        ],
    ),
    (
        "config migrate-config",
        &[
            "config --operation=migrate-config",
            "config --op=migrate-config --targetVersion=2 --createBackup=true",
            "config --op=migrate-config --target-version 2 --backup",
        ],
    ),
    (
        "config list",
        &[
            "config --operation=list",
            "config --operation=list-routing",
            "config --op list",
            "config",
            "setup",
            "config list-routing",
            "--op=list",
        ],
    ),
    ("config validate", &["config --operation=validate"]),
    ("stop", &["stop --force=false"]),
    ("config startup-status", &["config --operation=startup-status", "setup --op startup-status"]),
];

#[test]
fn all_of_them_mean_the_same() {
    for (canonical, others) in SPELLINGS {
        let expected = outcome(canonical);
        assert_eq!(expected.0, Some(0), "{canonical}: {}", expected.1);
        for other in others {
            assert_eq!(outcome(other), expected, "{other}");
        }
    }
}

/// Exit code, what was said, and the file.
fn outcome(line: &str) -> (Option<i32>, String, String) {
    let home = Home::with(&sample());
    let words: Vec<&str> = line.split(' ').collect();
    let end = home.run(&words);
    let place = home.path().display().to_string();
    let said = if end.code == Some(0) { end.stdout } else { end.stderr };
    (end.code, said.replace(&place, "HOME"), home.text())
}
