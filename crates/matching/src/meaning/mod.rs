//! What words mean, whatever language they are in and however they are spelled.

pub(crate) mod vectors;
