//! Any sequence of pieces that keeps the readers' contract.

use llm_router::translate::answer::{Citation, Piece, Stop, Usage};
use proptest::prelude::*;
use serde_json::Value;

use super::{check, document, error, fault, refusal, streamed};

/// Names of tools upstream; the second takes text.
const TOOLS: [&str; 3] = ["wait", "functions__exec", "collaboration__list_agents"];

/// Pieces, and what an answer of them has to say.
#[derive(Default)]
struct Script {
    pieces: Vec<Piece>,
    /// Of each call, what is left of its arguments.
    left: Vec<Option<String>>,
    text: String,
    refusal: String,
    thinking: String,
}

impl Script {
    fn of(steps: &[(u8, u8)], last: u8) -> Self {
        let mut script = Self { pieces: vec![Piece::Begin(Usage::default())], ..Self::default() };
        for (step, choice) in steps {
            script.step(*step, *choice);
        }
        if last == 0 {
            script.pieces.push(fault(error::Kind::Api));
            return script;
        }
        let open: Vec<usize> = (0..script.left.len()).filter(|call| script.left[*call].is_some()).collect();
        for call in open {
            script.end_call(call);
        }
        let stop = match last {
            1 => Stop::MaxTokens,
            2 => refusal(None),
            3 => Stop::ToolUse,
            _ => Stop::EndTurn,
        };
        script.pieces.push(Piece::End(stop, Usage { output: Some(3), ..Usage::default() }));
        script
    }

    fn step(&mut self, step: u8, choice: u8) {
        let word = format!("é{choice} ");
        let call = (!self.left.is_empty()).then(|| usize::from(choice) % self.left.len());
        let open = call.filter(|call| self.left[*call].is_some());
        match step {
            0 | 1 => {
                self.text.push_str(&word);
                self.pieces.push(Piece::Text(word));
            }
            2 => {
                self.refusal.push_str(&word);
                self.pieces.push(Piece::Refusal(word));
            }
            3 | 4 => {
                self.thinking.push_str(&word);
                self.pieces.push(Piece::Thinking(word));
            }
            5 => self.pieces.push(Piece::Signature(word)),
            6 => self.pieces.push(Piece::Redacted(word)),
            7 => self.pieces.push(Piece::Break),
            8 => self.pieces.push(Piece::Citation(Citation { url: word, title: String::new() })),
            9 => self.pieces.push(Piece::Ping),
            10 | 11 => {
                let name = TOOLS[usize::from(choice) % TOOLS.len()].to_owned();
                let id = format!("call_{}", choice % 4);
                self.pieces.push(Piece::Call { call: self.left.len(), id, name });
                let number = self.left.len();
                self.left.push(Some(format!("{{\"input\":\"{number}: {}\"}}", "x".repeat(choice.into()))));
            }
            12 | 13 => {
                if let Some((call, left)) = open.and_then(|call| Some((call, self.left[call].as_mut()?))) {
                    let some: String = left.drain(..left.len().min(usize::from(choice) % 7)).collect();
                    if !some.is_empty() {
                        self.pieces.push(Piece::Arguments { call, json: some });
                    }
                }
            }
            _ => {
                if let Some(call) = open {
                    self.end_call(call);
                }
            }
        }
    }

    fn end_call(&mut self, call: usize) {
        let json = self.left[call].take().unwrap();
        if !json.is_empty() {
            self.pieces.push(Piece::Arguments { call, json });
        }
        self.pieces.push(Piece::CallEnd { call });
    }

    /// Everything is in the output, in order.
    fn assert_told(&self, response: &Value) {
        let mut told = Self::default();
        let mut calls = 0;
        for item in response["output"].as_array().unwrap() {
            for part in item["content"].as_array().into_iter().flatten() {
                told.text.push_str(part["text"].as_str().unwrap_or_default());
                told.refusal.push_str(part["refusal"].as_str().unwrap_or_default());
            }
            for part in item["summary"].as_array().into_iter().flatten() {
                told.thinking.push_str(part["text"].as_str().unwrap());
            }
            if item["call_id"].is_string() {
                let wrapped =
                    item["arguments"].as_str().map(|json| serde_json::from_str::<Value>(json).unwrap());
                let input = wrapped.as_ref().map_or(&item["input"], |wrapped| &wrapped["input"]);
                assert!(input.as_str().unwrap().starts_with(&format!("{calls}: ")), "{item}");
                calls += 1;
            }
        }
        assert_eq!(calls, self.left.len());
        assert_eq!((told.text, told.thinking), (self.text.clone(), self.thinking.clone()));
        assert!(told.refusal == self.refusal || self.refusal.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_a_stream_that_strict_clients_take(
        steps in prop::collection::vec((0..15_u8, any::<u8>()), 0..80),
        last in 0..6_u8,
    ) {
        let script = Script::of(&steps, last);
        let response = check(&streamed(&script.pieces));
        if last != 0 {
            script.assert_told(&response);
            prop_assert_eq!(document(&script.pieces), response);
        }
    }

    #[test]
    fn no_pieces_panic_whatever_their_order(steps in prop::collection::vec((0..15_u8, any::<u8>()), 0..80)) {
        let mut pieces = Script::of(&steps, 4).pieces;
        pieces.reverse();
        streamed(&pieces);
        document(&pieces);
    }
}
