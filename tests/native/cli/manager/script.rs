//! A person who knows beforehand what to answer.

use std::collections::VecDeque;

use super::super::prompt::{Asked, Check, Halt, Prompt};
use crate::cli::failure::Failure;
use crate::config::Secret;

/// Answers in order; each with what the question has to contain.
pub(super) struct Script {
    answers: VecDeque<(&'static str, Reply)>,
    /// All that was said and asked, for a look at it.
    pub(super) screen: String,
}

#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// The option that begins so.
    Pick(&'static str),
    /// These options are marked, and no others.
    Mark(&'static [&'static str]),
    /// Instead of what is there.
    Type(&'static str),
    /// What is there.
    Enter,
    Yes,
    No,
    Esc,
    CtrlC,
}

impl Script {
    pub(super) fn new(answers: &[(&'static str, Reply)]) -> Self {
        Self { answers: answers.iter().cloned().collect(), screen: String::new() }
    }

    pub(super) fn is_over(&self) -> bool {
        self.answers.is_empty()
    }

    /// `Ok(None)` for [`Reply::Enter`].
    fn next(&mut self, question: &str) -> Asked<Option<Reply>> {
        self.screen.extend(["? ", question, "\n"]);
        let (expected, reply) = self
            .answers
            .pop_front()
            .unwrap_or_else(|| panic!("nobody answers {question:?}\n{}", self.screen));
        assert!(question.contains(expected), "{question:?} is asked, not {expected:?}\n{}", self.screen);
        match reply {
            Reply::Esc => Err(Halt::Back),
            Reply::CtrlC => Err(Halt::Stop(Failure::interrupted())),
            Reply::Enter => Ok(None),
            reply => Ok(Some(reply)),
        }
    }
}

fn find(options: &[String], begin: &str) -> usize {
    let at = options.iter().position(|option| option.starts_with(begin));
    at.unwrap_or_else(|| panic!("no {begin:?} in {options:?}"))
}

impl Prompt for Script {
    fn say(&mut self, text: &str) {
        self.screen.extend([text, "\n"]);
    }

    fn select(&mut self, question: &str, _: &str, options: &[String], start: usize) -> Asked<usize> {
        match self.next(question)? {
            None => Ok(start),
            Some(Reply::Pick(begin)) => Ok(find(options, begin)),
            Some(other) => panic!("{other:?} does not answer {question:?}"),
        }
    }

    fn select_many(
        &mut self,
        question: &str,
        _: &str,
        options: &[String],
        chosen: &[usize],
        some: bool,
    ) -> Asked<Vec<usize>> {
        let marked = match self.next(question)? {
            None => chosen.to_vec(),
            Some(Reply::Mark(begins)) => begins.iter().map(|begin| find(options, begin)).collect(),
            Some(other) => panic!("{other:?} does not answer {question:?}"),
        };
        assert!(!some || !marked.is_empty(), "{question:?} needs one");
        Ok(marked)
    }

    /// What `check` refuses is told, and the next answer is for the same question.
    fn text(&mut self, question: &str, _: &str, initial: &str, check: Check) -> Asked<String> {
        loop {
            let text = match self.next(question)? {
                None => initial,
                Some(Reply::Type(text)) => text,
                Some(other) => panic!("{other:?} does not answer {question:?}"),
            };
            match check(text) {
                Ok(()) => return Ok(text.to_owned()),
                Err(fault) => self.say(&format!("refused: {fault}")),
            }
        }
    }

    fn secret(&mut self, question: &str, help: &str, check: Check) -> Asked<Secret> {
        self.text(question, help, "", check).map(Secret::new)
    }

    fn confirm(&mut self, question: &str, _: &str, default: bool) -> Asked<bool> {
        match self.next(question)? {
            None => Ok(default),
            Some(Reply::Yes) => Ok(true),
            Some(Reply::No) => Ok(false),
            Some(other) => panic!("{other:?} does not answer {question:?}"),
        }
    }
}
