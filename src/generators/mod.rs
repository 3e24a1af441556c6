//! What writes scripts: implementations of the generator port.
