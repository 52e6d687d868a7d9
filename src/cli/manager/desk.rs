//! What every guided operation works with: the file, the person, and a way to ask providers.

use super::prompt::{Asked, Halt, Prompt, in_words};
use super::walk::Done;
use crate::cli::Bundle;
use crate::cli::answer::Answer;
use crate::cli::config::probing::{Findings, Question};
use crate::cli::config::told;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::file::{Backup, ConfigFile, Document};

/// Asks a provider; a test has answers of its own.
pub(super) type Probing<'d> = &'d dyn Fn(&Question) -> Result<Findings, Failure>;

/// See the module documentation.
pub(super) struct Desk<'d> {
    pub(super) file: &'d ConfigFile,
    pub(super) environment: &'d Environment,
    /// What is deployed.
    pub(super) bundle: Bundle,
    pub(super) prompt: &'d mut dyn Prompt,
    pub(super) probing: Probing<'d>,
}

impl Desk<'_> {
    /// The file as it is now: somebody else may have changed it since the last question.
    pub(super) fn load(&mut self) -> Asked<Document> {
        self.file.load().map_err(|failure| self.leave(&failure))
    }

    pub(super) fn say(&mut self, text: impl AsRef<str>) {
        self.prompt.say(text.as_ref());
    }

    /// Tells of a failure that no answer can mend, and ends the operation.
    pub(super) fn leave(&mut self, failure: &Failure) -> Halt {
        self.tell_failure(failure);
        Halt::Leave
    }

    pub(super) fn tell_failure(&mut self, failure: &Failure) {
        self.say(format!("error: {}", in_words(failure)));
    }

    /// Tells how something ended that changes no config, and ends the operation if it failed.
    pub(super) fn tell_end(&mut self, end: Result<Answer, Failure>) -> Asked<()> {
        let answer = end.map_err(|failure| {
            let halt = self.leave(&failure);
            if let Some(hint) = failure.hint {
                self.say(format!("hint: {hint}"));
            }
            halt
        })?;
        self.tell(&answer);
        Ok(())
    }

    pub(super) fn tell(&mut self, answer: &Answer) {
        for line in &answer.lines {
            self.say(format!("  {line}"));
        }
        for note in &answer.notes {
            self.say(format!("  note: {note}"));
        }
    }

    /// Shows what is about to be saved, and saves it if that is wanted. Where it cannot be saved one goes back.
    pub(super) fn review(
        &mut self,
        lines: &[String],
        change: impl Fn(&mut Document, bool) -> Result<Answer, Failure>,
    ) -> Asked<Done> {
        if self.agree(lines, "Save", "Leave without saving")? {
            return self.save(change).map(|()| Done::Asked);
        }
        Ok(Done::Restart)
    }

    /// Shows what is about to be done; `false`: something of it is to be another way.
    pub(super) fn agree(&mut self, lines: &[String], go: &str, leave: &str) -> Asked<bool> {
        self.say("");
        for line in lines {
            self.say(format!("  {line}"));
        }
        self.say("");
        let options = [go, "Change something", leave].map(str::to_owned);
        match self.prompt.select("Is this right?", "", &options, 0)? {
            0 => Ok(true),
            1 => Ok(false),
            _ => Err(Halt::Leave),
        }
    }

    /// Saves by the function that the command of the same name calls. `change` gets whether what refers to
    /// things that go away goes with them, which is asked if it matters.
    pub(super) fn save(
        &mut self,
        change: impl Fn(&mut Document, bool) -> Result<Answer, Failure>,
    ) -> Asked<()> {
        let document = self.load()?;
        let mut cascade = false;
        if let Err(failure) = change(&mut document.clone(), false) {
            if change(&mut document.clone(), true).is_err() {
                self.tell_failure(&failure);
                return Err(Halt::Back);
            }
            self.say(in_words(&failure));
            cascade = self.prompt.confirm("Remove all that, too?", "", false)?;
            if !cascade {
                return Err(Halt::Back);
            }
        }
        self.write(Backup::None, |document| change(document, cascade))
    }

    pub(super) fn write(
        &mut self,
        keep: Backup,
        change: impl FnOnce(&mut Document) -> Result<Answer, Failure>,
    ) -> Asked<()> {
        match self.file.edit_keeping(keep, change) {
            Ok(edited) => {
                self.tell(&told(edited));
                Ok(())
            }
            Err(failure) => {
                self.tell_failure(&failure);
                Err(Halt::Back)
            }
        }
    }
}
