//! What the parts of one translation share.

use std::collections::BTreeSet;

use crate::translate::{
    Notes, Refusal, Scene, Traits,
    effort::Effort,
    tools::{ClientTool, Collision, ToolNames},
};

use super::field::Object;

/// See the module documentation.
pub(super) struct Work<'a> {
    pub(super) scene: &'a Scene<'a>,
    /// Whether it is on its way to a provider of Responses.
    pub(super) responses: bool,
    pub(super) notes: Notes,
    pub(super) names: ToolNames,
    /// Tools, by the client's names, that the conversation has loaded or called.
    pub(super) loaded: BTreeSet<String>,
    /// What the last system message in the conversation asked for.
    pub(super) turn_effort: Option<Effort>,
}

impl<'a> Work<'a> {
    pub(super) fn new(scene: &'a Scene<'a>, responses: bool) -> Self {
        Self {
            scene,
            responses,
            notes: Notes::default(),
            names: ToolNames::default(),
            loaded: BTreeSet::new(),
            turn_effort: None,
        }
    }

    pub(super) fn traits(&self) -> &'a Traits {
        self.scene.traits
    }

    pub(super) fn note(&mut self, what: &'static str) {
        self.notes.add(what);
    }

    /// The provider's name of a tool. `name` was the field.
    pub(super) fn tool_name(&mut self, name: &str) -> Result<String, Refusal> {
        self.names.add(ClientTool::function(name)).map_err(|Collision(same)| {
            Refusal::new("name", format!("comes to the name of another tool, `{same}`"))
        })
    }

    /// Chat has no marks for what to cache: OpenAI's own models find repeated beginnings by themselves, and
    /// most servers refuse members that they do not know.
    pub(super) fn uncached(&mut self, object: &Object) {
        if object.get("cache_control").is_some_and(|control| !control.is_null()) {
            self.note("cache_control dropped: the provider caches by itself");
        }
    }
}
