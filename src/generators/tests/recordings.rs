//! Every recording comes to its outcome, however its bytes are cut.

use std::{collections::BTreeMap, fs, iter, path::Path};

use generation_actors::{>>>>>>> chat:src/generators/tests/recordings.rs, model::FailureCode, ports::{ChatDelta, EndReason, Piece}};
use proptest::prelude::*;

use super::upstream::{END, Upstream, all, generate};
use crate::generators::{
    chat::{Decoder, Fault, Protocol as _, Reply},
    openai::ChatCompletions,
    writer::failure_code,
};

/// One recorded response: status, whether it is an event stream, body.
struct Recorded {
    status: u16,
    streamed: bool,
    body: Vec<u8>,
}

fn recorded(bytes: &[u8]) -> Recorded {
    let split = bytes.windows(2).position(|two| two == b"\n\n").expect("a blank line after the head");
    let head = std::str::from_utf8(&bytes[..split]).expect("text").to_ascii_lowercase();
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Recorded { status, streamed: head.contains("text/event-stream"), body: bytes[split + 2..].to_vec() }
}

/// All recordings by name (`server/case`).
fn recordings() -> BTreeMap<String, Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut found = BTreeMap::new();
    for server in fs::read_dir(&root).expect("the transcripts").map(|entry| entry.expect("an entry").path()) {
        if !server.is_dir() {
            continue;
        }
        for file in fs::read_dir(&server).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = file.strip_prefix(&root).expect("below").with_extension("");
            found.insert(name.to_str().expect("a name").to_owned(), fs::read(&file).expect("a file"));
        }
    }
    found
}

/// What each recording must come to, as `outcomes.txt` beside them says.
fn outcomes() -> BTreeMap<String, String> {
    include_str!("../../../tests/transcripts/outcomes.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split_once(": ").expect("name: outcome"))
        .map(|(name, outcome)| (name.to_owned(), outcome.to_owned()))
        .collect()
}

/// Reads a body in pieces of the given sizes (the last one repeats); the text and how it ended.
fn read(recorded: &Recorded, sizes: &[usize]) -> (String, Result<EndReason, Fault>) {
    let mut reply = Reply::default();
    let end = read_into(recorded, sizes, &mut reply);
    let deltas = iter::from_fn(|| reply.next());
    (deltas.filter_map(|delta| if let ChatDelta::Text(text) = delta { Some(text) } else { None }).collect(), end)
}

fn read_into(recorded: &Recorded, sizes: &[usize], reply: &mut Reply) -> Result<EndReason, Fault> {
    let (body, protocol) = (&recorded.body, ChatCompletions::default());
    if recorded.status != 200 {
        return Err(protocol.refusal(recorded.status, &String::from_utf8_lossy(body)));
    }
    if !recorded.streamed {
        reply.take(&protocol, &String::from_utf8_lossy(body))?;
        return reply.end();
    }
    let mut decoder = Decoder::default();
    let mut rest = body.as_slice();
    let mut sizes = sizes.iter().copied().chain(iter::repeat(sizes.last().copied().unwrap_or(1)));
    while !decoder.is_finished() {
        let (piece, after) =
            rest.split_at(sizes.next().expect("it repeats").clamp(1, rest.len().max(1)).min(rest.len()));
        rest = after;
        if piece.is_empty() {
            decoder.finish()
        } else {
            decoder.push(piece)
        }
        while let Some(data) = decoder.next()? {
            reply.take(&protocol, &data)?;
        }
    }
    reply.end()
}

fn shown(end: &Result<EndReason, FailureCode>) -> String {
    match end {
        Ok(EndReason::Finished) => "finished".to_owned(),
        Ok(EndReason::TokenLimit) => "token limit".to_owned(),
        Err(code) => code.to_string(),
    }
}

#[test]
fn every_recording_comes_to_its_outcome_whole_and_byte_by_byte() {
    let (recordings, outcomes) = (recordings(), outcomes());
    assert_eq!(recordings.keys().collect::<Vec<_>>(), outcomes.keys().collect::<Vec<_>>(), "each has its outcome");
    for (name, bytes) in &recordings {
        let recorded = recorded(bytes);
        let whole = read(&recorded, &[usize::MAX]);
        assert_eq!(
            shown(&whole.1.clone().map_err(|fault| failure_code(fault.kind))),
            outcomes[name],
            "{name}: {whole:?}"
        );
        assert_eq!(read(&recorded, &[1]), whole, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn cuts_at_any_place_change_nothing(sizes in prop::collection::vec(1usize..400, 1..40)) {
        for (name, bytes) in recordings().iter().filter(|(_, bytes)| bytes.len() < 10_000) {
            let recorded = recorded(bytes);
            prop_assert_eq!(read(&recorded, &sizes), read(&recorded, &[usize::MAX]), "{}", name);
        }
    }

    #[test]
    fn no_bytes_are_taken_for_a_whole_script_without_a_finish_reason(
        lines in prop::collection::vec(prop_oneof![
            Just("data: [DONE]\n\n".to_owned()),
            Just(": ping\n\n".to_owned()),
            Just("data: {\"choices\":[{\"delta\":{\"content\":\"가\"},\"finish_reason\":null}]}\n\n".to_owned()),
            Just("data: {\"choices\":[],\"usage\":{\"completion_tokens\":3}}\n\n".to_owned()),
            "data: [\\PC]{0,30}\n\n",
            "\\PC{0,30}",
        ], 0..12),
    ) {
        let recorded = Recorded { status: 200, streamed: true, body: lines.concat().into_bytes() };
        let (_, end) = read(&recorded, &[7]);
        prop_assert!(end.is_err() || lines.concat().contains("finish_reason\":\"stop"), "{:?}", end);
    }
}

#[actix_web::test]
async fn every_recording_comes_to_its_outcome_over_a_socket() {
    let outcomes = outcomes();
    for (name, bytes) in recordings() {
        let (upstream, mut settings) = Upstream::new().await;
        settings.server.retries = 0;
        let recorded = recorded(&bytes);
        let kind = if recorded.streamed { "text/event-stream" } else { "application/json" };
        let (status, length) = (recorded.status, recorded.body.len());
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n");
        let response = [head.as_bytes(), &recorded.body, b"\r\n", END.as_bytes()].concat();
        let ((pieces, failure), _) = tokio::join!(all(generate(&settings, "")), upstream.answer(&response));
        let end = match (failure, pieces.last()) {
            (Some(failure), _) => Err(failure.code),
            (None, Some(Piece::End(reason))) => Ok(*reason),
            (None, other) => panic!("{name}: {other:?}"),
        };
        assert_eq!(shown(&end), outcomes[&name], "{name}");
    }
}
