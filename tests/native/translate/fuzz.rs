//! Bytes in, no panic, bounded output: every translation under mutations of the fixtures, for a short fixed
//! time. The fixtures are the corpus; what is found becomes one of them.
//!
//! `LLM_ROUTER_FUZZ_SECONDS=600 cargo test --test native fuzz` looks longer; a failure names its seed, and
//! `LLM_ROUTER_FUZZ_SEED=n` begins there.
#![expect(clippy::disallowed_methods, reason = "fixtures are files, and this runs for a time")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use llm_router::{
    translate::{Memo, Pair, Scene, Traits, answer, fault::from_failure},
    wire::Wire,
};

use crate::random::Random;

/// Long enough for some thousands of rounds in every build, short enough for every run of the tests.
const SECONDS: u64 = 8;
/// Seeds that have all been run: a faster machine is not to find what no other has. Who says how long gets more.
const ROUNDS: u64 = 5_000;
/// Bytes of output for a byte of input: escapes, and what a format says again and again. Responses repeat an
/// answer in its deltas, its parts, its items and at the end.
const GROWTH: usize = 64;
/// What an empty answer takes.
const FLOOR: usize = 64 * 1024;

const MODELS: [&str; 6] = ["gpt-4o", "gpt-5.2", "claude-sonnet-4-5", "claude-opus-5-5", "deepseek-chat", "m"];
const PAIRS: [Pair; 6] = [
    Pair::MessagesToChat,
    Pair::ChatToMessages,
    Pair::ResponsesToChat,
    Pair::ResponsesToMessages,
    Pair::ChatToResponses,
    Pair::MessagesToResponses,
];
const UPSTREAMS: [Wire; 3] = [Wire::Chat, Wire::Messages, Wire::Responses];
const CLIENTS: [Wire; 3] = [Wire::Chat, Wire::Messages, Wire::Responses];

/// Pieces of text that mean something to somebody.
const WORDS: [&str; 16] = [
    "null",
    "{}",
    "[]",
    "\"\"",
    "-1",
    "1e999",
    "{\"type\":\"text\"}",
    "\\ud800",
    "\u{feff}",
    "\n\n",
    "\r",
    "data: ",
    "event: error\n",
    "[DONE]",
    "gw1.p.bQ.eA",
    "\"type\":\"tool_use\",",
];

fn corpus() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/translate");
    let mut files: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|file| file.extension().is_some_and(|it| it == "json" || it == "sse"))
        .collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn mutated(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = corpus[random.below(corpus.len())].clone();
    for _ in 0..random.below(6) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(40)).min(bytes.len());
        match random.below(6) {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(at..at, random.pick(&WORDS).bytes())),
            2 => drop(bytes.splice(at..end, random.pick(&WORDS).bytes())),
            3 => {
                let other = &corpus[random.below(corpus.len())];
                let from = random.below(other.len() + 1);
                let to = (from + random.below(400)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            4 => bytes.truncate(at),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    bytes
}

fn round(random: &mut Random, corpus: &[Vec<u8>]) {
    let bytes = mutated(random, corpus);
    let bound = bytes.len() * GROWTH + FLOOR;
    let traits = Traits::of(random.pick(&MODELS));
    let scene =
        Scene { requested: "asked", provider: "p", model: "m", traits: &traits, id: "R1", created: 1 };
    // What gets there has been read as an object of bounded depth.
    if llm_router::wire::envelope::Envelope::read(&bytes).is_ok() {
        for pair in PAIRS {
            if let Ok(translated) = llm_router::translate::request(pair, &bytes, &scene) {
                assert!(translated.body.len() <= bound, "{pair:?}: {} bytes", translated.body.len());
                serde_json::from_slice::<serde_json::Value>(&translated.body).unwrap();
            }
        }
    }
    let memo = Memo::new(&scene);
    for upstream in UPSTREAMS {
        for client in CLIENTS {
            let gathered = answer::stream_as_document(upstream, client, &bytes, &memo);
            let whole = answer::document(upstream, client, &bytes, &memo);
            for document in [whole, gathered].into_iter().flatten() {
                assert!(document.len() <= bound, "{upstream:?} to {client:?}: {} bytes", document.len());
                serde_json::from_slice::<serde_json::Value>(&document).unwrap();
            }
            let mut stream = answer::Stream::new(upstream, client, &memo).unwrap();
            let mut out = Vec::new();
            for chunk in bytes.chunks(1 + random.below(300)) {
                stream.push(chunk, &mut out);
            }
            stream.finish(&mut out);
            assert!(
                stream.is_over() && out.len() <= bound,
                "{upstream:?} to {client:?}: {} bytes",
                out.len()
            );
        }
        let told = from_failure(upstream, 400, &[], &bytes);
        for client in CLIENTS {
            assert!(told.body(client, "r").len() <= bound);
        }
    }
}

#[test]
fn no_bytes_break_a_translation() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seconds = number("LLM_ROUTER_FUZZ_SECONDS");
    let rounds = if seconds.is_some() { u64::MAX } else { ROUNDS };
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(SECONDS));
    let corpus = corpus();
    let mut seed = number("LLM_ROUTER_FUZZ_SEED").unwrap_or(0);
    let begun = seed;
    while (Instant::now() < until && seed - begun < rounds) || seed == begun {
        let spoken = seed;
        let done = std::panic::catch_unwind(|| round(&mut Random(spoken), &corpus));
        assert!(done.is_ok(), "LLM_ROUTER_FUZZ_SEED={seed}");
        seed += 1;
    }
    println!("{} rounds", seed - begun);
}
