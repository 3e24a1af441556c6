//! What writes scripts: implementations of the generator port, and the catalogue of who serves which model.

pub mod builtin;
pub mod catalog;
