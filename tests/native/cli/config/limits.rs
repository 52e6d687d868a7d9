//! `set-provider-rate-limits`

use serde_json::{Value, json};

use super::{Home, sample, set};

fn buckets(home: &Home) -> Value {
    home.config()["providers"][0]["rateLimits"].clone()
}

#[test]
fn one_bucket_by_flags() {
    let home = Home::with(&sample());
    let set_limits =
        |more: &[&str]| home.op(&[&["set-provider-rate-limits", "--provider-id=alpha"][..], more].concat());
    set_limits(&[
        "--bucket-name=Six hours",
        "--bucket-models=ALL",
        "--bucket-requests=600",
        "--bucket-window=6h",
    ])
    .says(&["saved the buckets of alpha", "bucketCount=3"])
    .quiet();
    let new = json!({ "id": "six-hours", "name": "Six hours", "models": ["all"], "requests": 600, "window": { "unit": "hour", "size": 6 } });
    let old = sample()["providers"][0]["rateLimits"].clone();
    assert_eq!(buckets(&home), json!([old[0], old[1], new]));

    // The same name is the same bucket, and what is not named stays.
    set_limits(&["--bucket-name=Six hours", "--requests=500"]).says(&["bucketCount=3"]).quiet();
    assert_eq!(buckets(&home)[2]["requests"], 500);
    set_limits(&["--bucket-id=month", "--models=m-large,m-small"]).ok();
    assert_eq!(buckets(&home)[0]["metadata"], json!({ "plan": "pro" }));
    assert_eq!(buckets(&home)[0]["models"], json!(["m-large", "m-small"]));
    set_limits(&["--bucket-id=month", "--window=2 weeks"]).notes("a new window counts from zero");
    assert_eq!(buckets(&home)[0]["window"], json!({ "unit": "week", "size": 2 }));
    set_limits(&["--bucket-id=large", "--window=minute:1"]).says(&["nothing had to be changed"]);
    assert_eq!(buckets(&home)[1]["window"], "1 minute", "an equal one stays as it is written");
    home.op(&["validate"]).ok();
}

#[test]
fn windows_in_every_spelling() {
    let home = Home::with(&sample());
    for (typed, unit, size) in [
        ("month:1", "month", 1),
        ("hour x6", "hour", 6),
        ("s1", "second", 1),
        ("90sec", "second", 90),
        ("5m", "minute", 5),
        ("2 mo", "month", 2),
    ] {
        home.op(&[
            "set-rate-limits",
            "--providerId=alpha",
            "--bucketId=w",
            "--bucketModels=all",
            "--bucketRequests=1",
            "--bucketWindow",
            typed,
        ])
        .ok();
        assert_eq!(buckets(&home)[2]["window"], json!({ "unit": unit, "size": size }), "{typed}");
    }
}

#[test]
fn several_at_once() {
    let home = Home::with(&sample());
    let set_limits =
        |more: &[&str]| home.op(&[&["set-provider-rate-limits", "--provider-id=alpha"][..], more].concat());
    set_limits(&[r#"--rate-limits=[{"id":"month","limit":"30000"},{"bucket-name":"Daily","model-selector":"all","requests":5,"windowUnit":"d","windowSize":1}]"#])
        .says(&["bucketCount=3"]);
    assert_eq!(buckets(&home)[0]["requests"], 30000);
    assert_eq!(buckets(&home)[0]["metadata"], json!({ "plan": "pro" }));
    assert_eq!(
        buckets(&home)[2],
        json!({ "id": "daily", "name": "Daily", "models": ["all"], "requests": 5, "window": { "unit": "day", "size": 1 } })
    );
    set_limits(&[
        r#"--rate-limits={"id":"month","models":["m-small"],"requests":7,"window":"1w"}"#,
        "--replace-rate-limits=true",
    ])
    .says(&["bucketCount=1", "removed bucket large, daily of alpha"]);
    set_limits(&["--rate-limits=[]", "--replace-rate-limits"])
        .says(&["bucketCount=0", "removed bucket month of alpha"]);
    assert_eq!(buckets(&home), json!([]));
}

#[test]
fn a_bucket_is_removed_by_its_id() {
    let mut config = sample();
    set(
        &mut config,
        "/providers/0/rateLimits/1",
        json!({ "models": ["m-large"], "requests": 40, "window": "1 minute" }),
    );
    let home = Home::with(&config);
    let remove = |id: &str| {
        home.op(&[
            "set-provider-rate-limits",
            "--provider-id=alpha",
            "--remove-bucket=true",
            "--bucket-id",
            id,
        ])
    };
    // The id that the gateway gives it, as `list` shows it.
    home.op(&["list"])
        .says(&["limit m-large-minute-1 (m-large-minute-1): models=m-large cap=40 req / 1 minute"]);
    remove("m-large-minute-1").says(&["removed bucket m-large-minute-1 of alpha", "bucketCount=1"]);
    remove("month").says(&["bucketCount=0"]);
    home.refuses(
        2,
        &["set-provider-rate-limits", "--provider-id=alpha", "--remove-bucket", "--bucket-id=month"],
        &["no bucket `month`"],
    );
    home.refuses(
        2,
        &["set-provider-rate-limits", "--provider-id=alpha", "--remove-bucket"],
        &["--bucket-id is missing"],
    );
}

#[test]
fn what_is_missing_or_wrong_is_refused() {
    let home = Home::with(&sample());
    let whole = ["--bucket-id=x", "--bucket-models=all", "--bucket-requests=1", "--bucket-window=1d"];
    let refuse = |arguments: &[&str], parts: &[&str]| {
        home.refuses(
            2,
            &[&["set-provider-rate-limits", "--provider-id=alpha"][..], arguments].concat(),
            parts,
        );
    };
    refuse(&[], &["--bucket-id or --bucket-name"]);
    refuse(&whole[..1], &["--bucket-models, --bucket-requests, --bucket-window"]);
    refuse(&whole[1..], &["--bucket-id or --bucket-name"]);
    refuse(&[&whole[..2], &["--bucket-window=1d"]].concat(), &["needs its requests", "--bucket-requests"]);
    // By what was typed, and not by flags of which nobody spoke; perhaps the other one was meant.
    refuse(
        &[r#"--rate-limits={"id":"mnth","requests":5}"#],
        &["the new bucket `mnth` needs its models, its window", "did you mean `month`?"],
    );
    for (flag, part) in [
        ("--bucket-requests=10abc", "whole number"),
        ("--bucket-requests=40/min", "its requests (40) and its window (1 minute)"),
        ("--bucket-window=40/min", "its requests (40) and its window (1 minute)"),
        ("--bucket-requests=0", "whole number"),
        ("--bucket-window=6/hour", "its requests (6) and its window (1 hour)"),
        ("--bucket-window=1.5h", "not a window"),
        ("--bucket-window=year:1", "unknown unit"),
        ("--bucket-models=m-larg", "did you mean `m-large`"),
        ("--bucket-models=all,m-large", "already means every model"),
        ("--rate-limits={}", "cannot be used with"),
    ] {
        refuse(&[&whole[..], &[flag]].concat(), &[part]);
    }
    for (json, part) in [
        ("nonsense", "not JSON"),
        ("1", "not an object"),
        (r#"[{"id":"a","requests":"10abc"}]"#, "whole number"),
        (r#"{"id":"a"}"#, "the new bucket `a` needs its models"),
        (r#"[{"id":"month","requests":1},{"id":"month","requests":2}]"#, "given twice"),
    ] {
        refuse(&[&format!("--rate-limits={json}")], &[part]);
    }
    home.refuses(2, &["set-provider-rate-limits", "--bucket-id=x"], &["--provider-id is missing"]);
    home.refuses(2, &["set-provider-rate-limits", "--provider-id=gamma", "--bucket-id=x"], &["no provider"]);
}
