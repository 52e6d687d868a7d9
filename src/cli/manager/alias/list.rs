//! The targets of an alias, or its fallback targets, while they are chosen.

use std::rc::Rc;

use serde_json::{Number, Value, json};

use crate::cli::config::field::{Field, Object};
use crate::cli::config::names::Names;
use crate::cli::config::targets;
use crate::cli::config::upsert_alias::shown_target;
use crate::cli::manager::choose;
use crate::cli::manager::desk::Desk;
use crate::cli::manager::prompt::{Asked, Check, in_words};
use crate::cli::manager::walk::Done;

/// See the module documentation.
#[derive(Clone, Default)]
pub(super) struct List {
    entries: Vec<Entry>,
    /// What the file has of these.
    before: Vec<Entry>,
    /// What the file has and what leads nowhere, which cannot be saved again.
    lost: Vec<String>,
    /// Whether the file's list is to stay because of that.
    keep: bool,
}

#[derive(Clone, PartialEq)]
struct Entry {
    reference: String,
    weight: Option<Number>,
}

impl List {
    /// As the file has it.
    pub(super) fn of(alias: &Object, list: Field, names: &Names) -> Self {
        let mut read = Self::default();
        for item in list.items(alias) {
            // One by one: what leads nowhere must not take the others with it.
            let one = Value::Array(vec![item.clone()]).to_string();
            match targets::parse("targets", &one, names) {
                Ok((targets, _)) => read.entries.extend(targets.into_iter().map(Entry::from)),
                Err(_) => read.lost.push(shown_target(item)),
            }
        }
        read.before.clone_from(&read.entries);
        read
    }

    pub(super) fn references(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.reference.clone()).collect()
    }

    /// Asks what becomes of a list with entries that lead nowhere.
    pub(super) fn settle(&mut self, desk: &mut Desk<'_>, what: &str) -> Asked<Done> {
        if self.lost.is_empty() {
            return Ok(Done::Skipped);
        }
        self.keep = choose::keep_as_it_is(desk, what, &self.lost, self.keep)?;
        if self.keep {
            self.entries.clone_from(&self.before);
        }
        Ok(Done::Asked)
    }

    /// Lets any of `all` be chosen; those that stay keep their weights.
    pub(super) fn choose(
        &mut self,
        desk: &mut Desk<'_>,
        question: &str,
        all: &[String],
        some: bool,
    ) -> Asked<Done> {
        if self.keep || (all.is_empty() && self.entries.is_empty()) {
            return Ok(Done::Skipped);
        }
        let chosen = choose::references(desk, question, all, &self.references(), some)?;
        let entries = chosen.into_iter().map(|reference| {
            let before = self.entries.iter().find(|entry| entry.reference == reference);
            before.cloned().unwrap_or(Entry { reference, weight: None })
        });
        self.entries = entries.collect();
        Ok(Done::Asked)
    }

    /// Lets it be edited as text: that is where order and weights are.
    pub(super) fn write(
        &mut self,
        desk: &mut Desk<'_>,
        names: &Names,
        question: &str,
        help: &str,
    ) -> Asked<Done> {
        if self.keep || self.entries.len() < 2 {
            return Ok(Done::Skipped);
        }
        let known = names.clone();
        let check: Check = Rc::new(move |text| match targets::parse("targets", text, &known) {
            Ok((targets, _)) if targets.is_empty() => Err("name at least one".to_owned()),
            Ok(_) => Ok(()),
            Err(failure) => Err(failure.details.first().cloned().unwrap_or_else(|| in_words(&failure))),
        });
        let written: Vec<String> = self.entries.iter().map(Entry::written).collect();
        let written = written.join(", ");
        let text = desk.prompt.text(question, help, &written, check)?;
        // Read again, a name that ends like a weight could become another one.
        if text != written {
            let read = targets::parse("targets", &text, names).map_err(|failure| desk.leave(&failure))?;
            let (targets, notes) = read;
            for note in notes {
                desk.say(format!("note: {note}"));
            }
            self.entries = targets.into_iter().map(Entry::from).collect();
        }
        Ok(Done::Asked)
    }

    /// As a review has it.
    pub(super) fn shown(&self) -> String {
        let lost = self.lost.iter().filter(|_| self.keep).map(|lost| format!("{lost} (leads nowhere)"));
        let lines: Vec<String> = self.entries.iter().map(Entry::written).chain(lost).collect();
        if lines.is_empty() { "none".to_owned() } else { lines.join("\n             ") }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the file's list would be another one.
    pub(super) fn is_changed(&self) -> bool {
        !self.keep && (self.entries != self.before || !self.lost.is_empty())
    }

    /// For the operation, in the one notation that is never ambiguous.
    pub(super) fn typed(&self) -> String {
        let entries = self.entries.iter().map(|entry| match &entry.weight {
            Some(weight) => json!({ "ref": entry.reference, "weight": weight }),
            None => json!({ "ref": entry.reference }),
        });
        Value::Array(entries.collect()).to_string()
    }
}

impl Entry {
    fn written(&self) -> String {
        match &self.weight {
            Some(weight) => format!("{}@{weight}", self.reference),
            None => self.reference.clone(),
        }
    }
}

impl From<targets::Target> for Entry {
    fn from(target: targets::Target) -> Self {
        Self { reference: target.reference, weight: target.weight }
    }
}
