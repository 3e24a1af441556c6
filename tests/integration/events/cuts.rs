//! A stream may be cut at any byte.

use std::thread;

use proptest::prelude::*;
use serde_json::json;

use crate::harness::{brief, reader::Connected, service::Service};

/// One service for all cases; a case is one short job with a reader in each mode.
fn follow_with_cuts(service: &Service, cuts: &[usize]) {
    let id = service.create(&brief());
    let readers: Vec<_> = ["", "?preview=delta", "?preview=full"]
        .into_iter()
        .enumerate()
        .map(|(number, query)| {
            let (mut reader, cuts) = (service.reader(&id, query), cuts.to_vec());
            thread::spawn(move || {
                for most in cuts.into_iter().skip(number) {
                    if reader.connect(most) == Connected::Stop {
                        break;
                    }
                }
                if reader.terminal.is_none() {
                    reader.follow();
                }
                reader
            })
        })
        .collect();
    for reader in readers {
        let reader = reader.join().expect("nothing missed and nothing doubled");
        let end = reader.terminal.expect("the end");
        assert_eq!(end.data["result"]["markdown"], json!(service.script(&id)));
    }
}

#[test]
fn a_reader_cut_anywhere_misses_and_doubles_nothing() {
    let service = Service::builder().words_per_second(400).env("GENERATION__SSE__PREVIEW_INTERVAL", "10ms").start();
    let cuts = prop::collection::vec(prop_oneof![1usize..200, 200usize..2000, 2000usize..9000], 1..25);
    let config = ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() };
    proptest::test_runner::TestRunner::new(config)
        .run(&cuts, |cuts| {
            follow_with_cuts(&service, &cuts);
            Ok(())
        })
        .unwrap();
}
