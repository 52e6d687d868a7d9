//! Translation between formats.

mod chat_messages;
