//! Writer, chat client and protocol together: against recorded responses of real servers (`tests/transcripts/`), and a scripted
//! one for what they do only now and then.

mod recordings;
mod scripted;
pub(super) mod upstream;
