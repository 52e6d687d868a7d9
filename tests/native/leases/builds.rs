//! What builds of different ages say to one another about leases, and what they leave in the rows.

use llm_router::ledger::{
    Ledger,
    message::{Reserve, Return, Verdict, Wanted},
    rows::Rows,
};

use super::holder::{NINE, TODAY, asks, busy, granted, json, month, take, unit};

#[test]
fn how_leases_are_spelled() {
    let (mut holder, mut ledger, _, now) = busy(&month(1_000));
    let ask = Reserve::one(month(1_000));
    let returns = vec![Return { id: "1-2".to_owned(), units: 3, charges: Vec::new() }];
    let wanted = |ahead| Wanted { units: 9, ttl_ms: 3_000, ahead };
    let asked = Reserve { lease: Some(wanted(false)), returns, ..ask.clone() };
    let end = r#","lease":{"units":9,"ttlMs":3000},"returns":[{"id":"1-2","units":3,"charges":[]}]}"#;
    assert_eq!(json(&asked), TODAY.strip_suffix('}').unwrap().to_owned() + end);
    assert_eq!(json(&wanted(true)), r#"{"units":9,"ttlMs":3000,"ahead":true}"#);
    assert_eq!(serde_json::from_str::<Reserve>(&json(&asked)).unwrap(), asked);
    let grant = granted(Some(ledger.reserve(now, &asked)));
    let lease = r#"{"units":9,"validMs":3000,"charges":[{"counter":"month|month:1","start":1793491200000,"amount":1}]}"#;
    assert_eq!(json(&grant.lease), lease);
    assert_eq!(json(&grant.ticket.charges), "[]");
    // A unit's ticket names its lease, its number and where it is kept.
    let id = unit(take(&mut holder, now, &ask)).ticket.id;
    let parts: Vec<&str> = id.split('.').collect();
    assert!(parts.len() == 3 && parts[0].contains('-') && parts[1].parse::<u64>().is_ok(), "{id}");
}

#[test]
fn an_object_without_leases_answers_and_stays_exact() {
    let (mut holder, _, ask, now) = busy(&month(100_000));
    // It reads what it knows, and nothing else.
    let mut ledger = Ledger::default();
    let mut old = |now, ask: &Reserve| {
        let mut known = serde_json::to_value(ask).unwrap();
        known.as_object_mut().unwrap().retain(|field, _| field == "amount" || field == "candidates");
        ledger.reserve(now, &serde_json::from_value(known).unwrap())
    };
    let now = now.after(4_000);
    let mut sent = 0;
    for _ in 0..100 {
        let question = asks(take(&mut holder, now, &ask));
        let reserved = old(now, &question.ask);
        let grant = granted(holder.heard(&question, Some(reserved)));
        assert!(!grant.ticket.charges.is_empty());
        sent += 1;
    }
    // What was asked ahead is nobody's, and goes back.
    let mut ahead = asks(take(&mut holder, now, &ask));
    ahead.ask.lease = Some(Wanted { units: 9, ttl_ms: 3_000, ahead: true });
    let reserved = old(now, &ahead.ask);
    let nobodys = granted(holder.heard(&ahead, Some(reserved)));
    let told = holder.settle(now, "p", &nobodys, false, Verdict::Neutral).unwrap();
    ledger.settle(now, &told);
    assert_eq!(ledger.usage(now).next().unwrap().1, sent);
}

#[test]
fn rows_of_builds_without_leases_and_of_later_ones_are_read() {
    let counters =
        r#""counters":{"month|month:1":{"start":1793491200000,"end":1796083200000,"used":900}},"floor":0"#;
    let leases = format!(r#","leases":{{"1-2":{{"units":50,"until":{},"later":1}}}}"#, NINE.0 + 2_000);
    for (leases, out, used) in [("", (0, 0), 900), (&*leases, (1, 50), 860)] {
        let rows = Rows { ledger: Some(format!("{{{counters}{leases}}}")), ..Rows::default() };
        let mut ledger = Ledger::load(&rows, 7).unwrap();
        assert_eq!(ledger.leased(NINE), out);
        let lease = granted(Some(ledger.reserve(
            NINE,
            &Reserve {
                lease: Some(Wanted { units: 9, ttl_ms: 3_000, ahead: false }),
                ..Reserve::one(month(1_000))
            },
        )));
        let units = lease.lease.map_or(1, |lease| lease.units);
        let charges =
            serde_json::from_str(r#"[{"counter":"month|month:1","start":1793491200000,"amount":1}]"#)
                .unwrap();
        ledger.give_back(NINE, &[Return { id: "1-2".to_owned(), units: 40, charges }]);
        assert_eq!(ledger.usage(NINE).next().unwrap().1, used + units);
    }
}
