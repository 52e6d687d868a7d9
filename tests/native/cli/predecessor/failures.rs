//! Whatever version 1 failed for, with the same exit code: 2 where the input has to change, 1 where it could not be
//! done. Nothing is written, and the message names what is wrong. What it wrongly took is at the end.

use super::super::config::{Home, sample};

const NEW: &str =
    "upsert-provider --skip-probe --name=X --api-key-env=K --base-url=https://x.test --models=m-1";

/// Operation and flags, exit code, a part of the message.
const FAILURES: [(&str, i32, &str); 62] = [
    ("upsert-provider --skip-probe", 2, "--name"),
    ("upsert-provider --skip-probe --name=X --base-url=https://x.test --models=m-1", 2, "--api-key-env"),
    ("upsert-provider --skip-probe --name=X --api-key-env=K --models=m-1", 2, "--base-url"),
    ("upsert-provider --skip-probe --name=X --api-key-env=K --base-url=https://x.test", 2, "--models"),
    (
        "upsert-provider --skip-probe --name=X --api-key-env=K --base-url=https://x.test --models=,;",
        2,
        "--models",
    ),
    ("NEW --provider-id=1a", 2, "`1a`"),
    ("NEW --provider-id=a_b", 2, "`a-b`"),
    ("NEW --provider-id=gamma --name=ALPHA", 2, "already called"),
    (
        "upsert-provider --skip-probe --name=X --api-key-env=K --models=m-1 --endpoints=https://y.test,https://z.test",
        2,
        "--endpoints",
    ),
    ("NEW --base-url=ftp://x.test", 2, "--base-url"),
    ("NEW --headers=nope", 1, "--headers"),
    ("NEW --headers=[1]", 1, "--headers"),
    ("NEW --format=opnai", 2, "openai"),
    ("NEW --formats=openai,nope", 2, "`nope`"),
    ("NEW --probe-rpm=0", 2, "--probe-rpm"),
    ("NEW --probe-rpm=1000001", 2, "--probe-rpm"),
    ("NEW --skip-probe=maybe", 2, "--skip-probe"),
    ("upsert-provider --name=X --api-key-env=HOME --base-url=http://127.0.0.1:1 --models=m-1", 1, "probe"),
    ("remove-provider", 2, "--provider-id"),
    ("remove-provider --provider-id=alhpa", 2, "did you mean `alpha`?"),
    ("remove-model", 2, "--provider-id"),
    ("remove-model --provider-id=alpha", 2, "--model"),
    ("remove-model --provider-id=nope --model=m", 2, "`nope`"),
    ("remove-model --provider-id=alpha --model=m-smal", 2, "did you mean `m-small`?"),
    ("set-model-fallbacks", 2, "--provider-id"),
    ("set-model-fallbacks --provider-id=alpha --model=m-large", 2, "--fallback-models"),
    ("set-model-fallbacks --provider-id=alpha --model=nope --clear-fallbacks", 2, "`nope`"),
    ("set-model-fallbacks --provider-id=alpha --model=m-large --fallback-models=beta/nope,x/y", 2, "`x/y`"),
    ("set-model-fallbacks --provider-id=alpha --model=m-large --fallback-models=alpha/m-large", 2, "itself"),
    ("upsert-model-alias", 2, "--alias-id"),
    ("upsert-model-alias --alias-id=new", 2, "--targets"),
    ("upsert-model-alias --alias-id=a/b --targets=alpha/m-large", 2, "alias id"),
    ("upsert-model-alias --alias-id=new --targets=alpha/m-large --strategy=best", 2, "weighted-rr"),
    ("upsert-model-alias --alias-id=new --targets=alpha/nope", 2, "--model=nope"),
    ("upsert-model-alias --alias-id=new --targets=nope", 2, "`nope`"),
    ("upsert-model-alias --alias-id=new --targets=alpha/m-large@0", 2, "above 0"),
    ("upsert-model-alias --alias-id=team --targets=team", 2, "team -> team"),
    ("upsert-model-alias --alias-id=team --alias-metadata={", 1, "--alias-metadata"),
    ("upsert-model-alias --alias-id=team --alias-metadata=[1]", 1, "--alias-metadata"),
    ("remove-model-alias", 2, "--alias-id"),
    ("remove-model-alias --alias-id=tem", 2, "did you mean `team`?"),
    ("set-provider-rate-limits", 2, "--provider-id"),
    ("set-provider-rate-limits --provider-id=alpha", 2, "--bucket-name"),
    (
        "set-provider-rate-limits --provider-id=alpha --bucket-name=X --bucket-models=all --bucket-requests=1",
        2,
        "--bucket-window",
    ),
    (
        "set-provider-rate-limits --provider-id=alpha --bucket-name=X --bucket-models=nope --bucket-requests=1 --bucket-window=1h",
        2,
        "`nope`",
    ),
    (
        "set-provider-rate-limits --provider-id=alpha --bucket-name=X --bucket-models=all,m-large --bucket-requests=1 --bucket-window=1h",
        2,
        "`all`",
    ),
    (
        "set-provider-rate-limits --provider-id=alpha --bucket-name=X --bucket-models=all --bucket-requests=0 --bucket-window=1h",
        2,
        "--bucket-requests",
    ),
    (
        "set-provider-rate-limits --provider-id=alpha --bucket-name=X --bucket-models=all --bucket-requests=1 --bucket-window=hourx6",
        2,
        "--bucket-window",
    ),
    ("set-provider-rate-limits --provider-id=alpha --rate-limits=nope", 2, "--rate-limits"),
    ("set-provider-rate-limits --provider-id=alpha --rate-limits=3", 2, "--rate-limits"),
    ("set-provider-rate-limits --provider-id=alpha --remove-bucket=true", 2, "--bucket-id"),
    ("set-provider-rate-limits --provider-id=alpha --remove-bucket=true --bucket-id=mont", 2, "`month`"),
    ("set-master-key", 2, "--generate-master-key"),
    ("migrate-config --target-version=0", 2, "--target-version"),
    ("migrate-config --target-version=3", 1, "version 3"),
    ("remove-provder --provider-id=alpha", 2, "remove-provider"),
    // Version 1 took these, and did something else than was asked.
    ("migrate-config --target-version=1", 2, "no way back"),
    ("upsert-provider --provider-id=alpha --set-master-key=true", 2, "--master-key"),
    ("set-master-key --master-key=x", 2, "weak"),
    ("set-model-fallbacks --provider-id=alpha --model=m-large --fallback-models=gpt-4o", 2, "`gpt-4o`"),
    (
        "set-provider-rate-limits --provider-id=alpha --bucket-name=X --bucket-models=all --bucket-requests=10abc --bucket-window=1h",
        2,
        "10abc",
    ),
    ("remove-model --provider-id=alpha --model=m-small --forec", 2, "--forec"),
];

#[test]
fn failures_of_version_1_are_failures() {
    for (line, code, part) in FAILURES {
        let line = line.replace("NEW", NEW);
        let words: Vec<&str> = line.split(' ').collect();
        let home = Home::with(&sample());
        home.refuses(code, &words, &[part]);
        let operation = format!("--operation={}", words[0]);
        home.refuses(code, &[&[operation.as_str()], &words[1..]].concat(), &[part]);
    }
}

#[test]
fn what_needs_a_file_says_so() {
    let home = Home::empty();
    home.refuses(2, &["--operation=migrate-config"], &["no config"]);
    home.refuses(2, &["--operation=startup-install"], &["no config file"]);
    home.refuses(2, &["validate"], &["no config"]);
    home.op(&["--operation=list"]).ok();
    home.op(&["--operation=startup-status"]).ok();
    assert!(!home.config_path().exists());
}
