//! JSON schemas as providers take them: each takes a part of the language, another one.

mod flatten;
mod grammar;
mod strict;
mod tool;

pub use grammar::{Grammar, LIMITS, Weight, for_grammar};
pub use strict::openai_strict;
pub use tool::tool_input;
