//! Translation between formats.

mod to_responses;
