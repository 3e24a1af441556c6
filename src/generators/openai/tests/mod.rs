//! Recorded responses of real servers (`tests/transcripts/`), and a scripted one for what they do only now and then.

mod recordings;
mod scripted;
mod upstream;
