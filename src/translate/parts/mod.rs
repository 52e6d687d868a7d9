//! Small things that several translations share; one idea a file.

pub mod fields;
pub mod media;
pub mod schema;
