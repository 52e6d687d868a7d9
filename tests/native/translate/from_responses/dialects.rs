//! Whatever a server tells of an answer and whatever it leaves out, the answer is the same.

use llm_router::translate::{
    answer::{Stop, Usage},
    parts::custom_tool::{unwrapped, wrapped},
};
use proptest::prelude::*;

use super::{
    Said, meant, read, read_document, said,
    server::{DIALECTS, Item, Part, document},
};

/// What models write as arguments, good or bad.
const ARGUMENTS: [&str; 6] =
    [r#"{"a":1}"#, r#"{"q":"é \"x\" }{"}"#, "{}", "", r#"{"n":123456789012345678901234567890}"#, r#"{"a":"#];
const INPUTS: [&str; 4] = ["ls -l", "*** \"Begin\"\n\té\\", "", "{\"input\":1}"];

/// An item for two numbers, the `at`th of its answer.
pub(super) fn item((kind, choice): (u8, u8), at: usize) -> Item {
    let choice = usize::from(choice);
    let word = format!("é{at} \u{1F600} {choice} ");
    let source = (choice % 3 == 0).then(|| format!("https://{choice}.test"));
    let plain = Part::Text { text: word.clone(), source: None };
    let sourced = Part::Text { text: format!("{word}2"), source };
    let call_id = format!("call_{at}");
    match kind {
        0 => Item::Message(vec![sourced]),
        1 => Item::Message(vec![plain, sourced]),
        2 => Item::Message(vec![plain, Part::Refusal(word)]),
        3 => Item::Message(Vec::new()),
        4 => Item::Reasoning { summary: vec![word.clone(), word.clone()], encrypted: Some(word) },
        5 => Item::Reasoning { summary: vec![word], encrypted: None },
        6 => Item::Reasoning { summary: Vec::new(), encrypted: Some(word) },
        7..=9 => {
            let arguments = ARGUMENTS[choice % ARGUMENTS.len()].to_owned();
            Item::Function { call_id, name: "wait".to_owned(), arguments }
        }
        10 => {
            Item::Custom { call_id, name: "exec".to_owned(), input: INPUTS[choice % INPUTS.len()].to_owned() }
        }
        _ => Item::Search,
    }
}

pub(super) fn items(choices: &[(u8, u8)]) -> Vec<Item> {
    choices.iter().enumerate().map(|(at, choice)| item(*choice, at)).collect()
}

/// An item without what comes only with the whole of it.
fn plain(item: &Item) -> Item {
    match item {
        Item::Message(parts) => {
            let plain = |part: &Part| match part {
                Part::Text { text, .. } => Part::Text { text: text.clone(), source: None },
                Part::Refusal(text) => Part::Refusal(text.clone()),
            };
            Item::Message(parts.iter().map(plain).collect())
        }
        Item::Reasoning { summary, .. } => Item::Reasoning { summary: summary.clone(), encrypted: None },
        other => other.clone(),
    }
}

/// What is said by these items.
fn expected(items: &[Item]) -> Vec<Said> {
    let mut said: Vec<Said> = Vec::new();
    let mut refusal = String::new();
    let mut calls = 0;
    for item in items {
        let next = match item {
            Item::Message(parts) => {
                let mut next = Vec::new();
                for part in parts {
                    match part {
                        Part::Text { text, source } => {
                            next.extend([Said::Break, Said::Text(text.clone())]);
                            next.extend(source.clone().map(Said::Source));
                        }
                        Part::Refusal(text) => {
                            refusal += text;
                            next.extend([Said::Break, Said::Refusal(text.clone())]);
                        }
                    }
                }
                next
            }
            Item::Reasoning { summary, encrypted } => {
                let thinking = Some(summary.join("\n\n")).filter(|text| !text.is_empty()).map(Said::Thinking);
                [Some(Said::Break), thinking, encrypted.clone().map(Said::Signature)]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            Item::Function { call_id, name, arguments } => {
                calls += 1;
                let arguments = if arguments.is_empty() { "{}" } else { arguments };
                vec![super::call(call_id, name, arguments)]
            }
            Item::Custom { call_id, name, input } => {
                calls += 1;
                assert_eq!(unwrapped(&wrapped(input).to_string()), *input);
                vec![super::call(call_id, name, &wrapped(input).to_string())]
            }
            Item::Search => Vec::new(),
        };
        said.extend(next);
    }
    said.dedup_by(|a, b| *a == Said::Break && *b == Said::Break);
    let mut meant = meant(&said);
    let usage = Usage {
        input: Some(10),
        cache_read: Some(60),
        cache_write: Some(30),
        cache_write_1h: None,
        output: Some(20),
        thinking: Some(8),
    };
    let stop = match (refusal.is_empty(), calls) {
        (false, _) => Stop::Refusal { explanation: Some(refusal), category: None },
        (true, 0) => Stop::EndTurn,
        (true, _) => Stop::ToolUse,
    };
    meant.push(Said::End(stop, usage));
    meant
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_is_the_same_in_every_dialect(choices in prop::collection::vec((0..12_u8, any::<u8>()), 1..7)) {
        let whole = items(&choices);
        let without: Vec<Item> = whole.iter().map(plain).collect();
        let said_of = |items: &[Item]| said(&read_document(&document(items)).unwrap());
        prop_assert_eq!(said_of(&whole), expected(&whole));
        for dialect in DIALECTS {
            let items = if dialect.is_whole() { &whole } else { &without };
            let stream = dialect.stream(items);
            prop_assert_eq!(said(&read(&stream)), expected(items), "{:?}\n{}", dialect, stream);
        }
    }
}
