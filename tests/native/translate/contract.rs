//! The contract between readers and writers of answers, as `answer`'s documentation has it.

use std::collections::BTreeMap;

use llm_router::translate::answer::{Piece, Stop, Usage};

/// Whether these are all the pieces of one answer. It may fail before it has begun.
pub(super) fn check(pieces: &[Piece]) -> Result<(), String> {
    let mut state = State::default();
    for (at, piece) in pieces.iter().enumerate() {
        state.take(piece).map_err(|fault| format!("piece {at}, {piece:?}: {fault}"))?;
    }
    if state.over { Ok(()) } else { Err("neither End nor Fault came".to_owned()) }
}

/// [`check`] for tests that go on only if it holds.
pub(super) fn assert_kept(pieces: &[Piece]) {
    if let Err(fault) = check(pieces) {
        panic!("{fault}\n{pieces:#?}");
    }
}

#[derive(Default)]
struct State {
    begun: bool,
    over: bool,
    text: bool,
    calls: usize,
    /// The arguments so far of the calls that are open.
    open: BTreeMap<usize, String>,
}

impl State {
    fn take(&mut self, piece: &Piece) -> Result<(), String> {
        ensure(!self.over, "comes after the last")?;
        let needs_begin = !matches!(piece, Piece::Begin(_) | Piece::Ping | Piece::Fault(_));
        ensure(self.begun || !needs_begin, "comes before Begin")?;
        match piece {
            Piece::Begin(_) => {
                ensure(!self.begun, "comes twice")?;
                self.begun = true;
            }
            Piece::Text(text) => {
                ensure(!text.is_empty(), "is empty")?;
                self.text = true;
            }
            Piece::Refusal(text) | Piece::Thinking(text) | Piece::Signature(text) | Piece::Redacted(text) => {
                ensure(!text.is_empty(), "is empty")?;
            }
            Piece::Citation(_) => ensure(self.text, "has no text before it")?,
            Piece::Call { call, id, name } => {
                ensure(*call == self.calls, "is not the next number")?;
                ensure(!id.is_empty() && !name.is_empty(), "has no id or no name")?;
                self.calls += 1;
                self.open.insert(*call, String::new());
            }
            Piece::Arguments { call, json } => match self.open.get_mut(call) {
                Some(arguments) => arguments.push_str(json),
                None => return Err("is for a call that is not open".to_owned()),
            },
            Piece::CallEnd { call } => match self.open.remove(call) {
                Some(arguments) => ensure(!arguments.trim().is_empty(), "is of a call without arguments")?,
                None => return Err("is for a call that is not open".to_owned()),
            },
            Piece::Break | Piece::Ping => {}
            Piece::End(..) => {
                ensure(self.open.is_empty(), "comes while a call is open")?;
                self.over = true;
            }
            Piece::Fault(_) => self.over = true,
        }
        Ok(())
    }
}

fn ensure(holds: bool, fault: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(fault.to_owned()) }
}

#[test]
fn breaches_are_found() {
    let begin = || Piece::Begin(Usage::default());
    let end = || Piece::End(Stop::EndTurn, Usage::default());
    let text = |text: &str| Piece::Text(text.to_owned());
    let call = |call| Piece::Call { call, id: "i".to_owned(), name: "n".to_owned() };
    let arguments = |call| Piece::Arguments { call, json: "{}".to_owned() };
    let call_end = |call| Piece::CallEnd { call };

    for kept in [
        vec![begin(), end()],
        vec![Piece::Ping, begin(), text("a"), Piece::Break, text("b"), end()],
        vec![begin(), call(0), call(1), arguments(1), arguments(0), call_end(0), call_end(1), end()],
    ] {
        assert_kept(&kept);
    }
    for broken in [
        vec![],
        vec![begin()],
        vec![end()],
        vec![text("a"), end()],
        vec![begin(), begin(), end()],
        vec![begin(), end(), end()],
        vec![begin(), end(), Piece::Ping],
        vec![begin(), text(""), end()],
        vec![begin(), call(1), arguments(1), call_end(1), end()],
        vec![begin(), call(0), arguments(0), end()],
        vec![begin(), call(0), call_end(0), end()],
        vec![begin(), call(0), arguments(0), call_end(0), call_end(0), end()],
        vec![begin(), call(0), arguments(0), call_end(0), arguments(0), end()],
        vec![begin(), call(0), arguments(0), call_end(0), call(0), arguments(0), call_end(0), end()],
        vec![begin(), arguments(0), end()],
    ] {
        assert!(check(&broken).is_err(), "{broken:?}");
    }
}
