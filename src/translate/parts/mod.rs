//! Small things that several translations share; one idea a file.

pub mod estimate;
