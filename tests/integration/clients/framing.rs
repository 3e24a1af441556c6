//! How answers are framed: what comes before them, how they end, and what is no answer.

use super::{CLIENTS, Client, PATIENT, TEXT};
use crate::harness::raw::{Act, RawServer, answer, send};

type Form = fn(&str, &str) -> Vec<Act>;

fn head(version: &str, kind: &str, more: &str) -> String {
    format!("HTTP/{version} 200 OK\r\ncontent-type: {kind}\r\n{more}\r\n")
}

/// `informational`, each in a packet of its own, and then the answer.
fn after(informational: &[&str], kind: &str, body: &str) -> Vec<Act> {
    let before = informational.iter().map(|status| send(format!("HTTP/1.1 {status}\r\nlink: </x>\r\n\r\n")));
    before.chain([send(answer("200 OK", kind, body))]).collect()
}

/// All of these say the same.
const WHOLE: [(&str, Form); 9] = [
    ("100", |kind, body| after(&["100 Continue"], kind, body)),
    ("102", |kind, body| after(&["102 Processing"], kind, body)),
    ("103", |kind, body| after(&["103 Early Hints"], kind, body)),
    ("several", |kind, body| {
        after(&["100 Continue", "102 Processing", "103 Early Hints", "103 Early Hints"], kind, body)
    }),
    ("103 and the answer in one packet", |kind, body| {
        vec![send(format!("HTTP/1.1 103 Early Hints\r\n\r\n{}", answer("200 OK", kind, body)))]
    }),
    ("1.1 until the connection ends", |kind, body| vec![send(head("1.1", kind, "")), send(body), Act::Close]),
    ("1.0 until the connection ends", |kind, body| vec![send(head("1.0", kind, "")), send(body), Act::Close]),
    ("1.0 with a length", |kind, body| {
        vec![send(head("1.0", kind, &format!("content-length: {}\r\n", body.len()))), send(body), Act::Close]
    }),
    ("named as plain", |kind, body| vec![send(answer("200 OK\r\ncontent-encoding: identity", kind, body))]),
];

/// Nothing of these may be used.
const BROKEN: [(&str, Form); 6] = [
    ("a length that is not reached", |kind, body| {
        vec![send(head("1.1", kind, &format!("content-length: {}\r\n", body.len() + 1))), send(body), Act::Close]
    }),
    ("chunks without the last", |kind, body| {
        let chunk = format!("{:x}\r\n{body}\r\n", body.len());
        vec![send(head("1.1", kind, "transfer-encoding: chunked\r\n")), send(chunk), Act::Close]
    }),
    ("gzip", |kind, body| vec![send(answer("200 OK\r\ncontent-encoding: gzip", kind, body))]),
    ("gzip in chunks", |kind, body| {
        let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        vec![send(head("1.1", kind, "transfer-encoding: gzip, chunked\r\n")), send(chunks)]
    }),
    ("a head without end", |_, _| vec![send("HTTP/1.1 200 OK\r\nx: "), Act::Flood(vec![b'x'; 8192])]),
    ("no HTTP", |_, _| vec![send("220 mail.example.com ESMTP\r\n"), Act::Close]),
];

fn server(client: Client, form: Form) -> RawServer {
    RawServer::start(move |asked| client.served(asked, form))
}

#[actix_web::test]
async fn informational_answers_and_every_way_to_end_one_change_nothing() {
    for client in CLIENTS {
        for (name, form) in WHOLE {
            let server = server(client, form);
            let brought = client.ask(&server.url(), PATIENT, PATIENT).await;
            assert_eq!(brought.as_deref(), Ok(TEXT), "{client:?}, {name}");
        }
    }
}

#[actix_web::test]
async fn chunks_cut_anywhere_are_put_together() {
    for client in CLIENTS {
        let server = RawServer::start(move |asked| {
            client.served(asked, |kind, body| {
                let pieces = body.as_bytes().chunks(7).map(|part| {
                    // With an extension, which nobody understands.
                    Act::Send([format!("{:x};x=y\r\n", part.len()).as_bytes(), part, b"\r\n"].concat())
                });
                let begin = [send(head("1.1", kind, "transfer-encoding: chunked\r\n"))];
                begin.into_iter().chain(pieces).chain([send("0\r\nx-trailer: y\r\n\r\n")]).collect()
            })
        });
        let brought = client.ask(&server.url(), PATIENT, PATIENT).await;
        assert_eq!(brought.as_deref(), Ok(TEXT), "{client:?}");
    }
}

#[actix_web::test]
async fn a_truncated_or_compressed_answer_is_none() {
    // A chat stream has its own end, which the truncated ones here contain: see `generators::chat`.
    let without_own_end = CLIENTS.into_iter().filter(|client| *client != Client::Chat);
    for client in without_own_end {
        for (name, form) in BROKEN {
            let server = server(client, form);
            let brought = client.ask(&server.url(), PATIENT, PATIENT).await;
            assert!(brought.is_err(), "{client:?}, {name}: {brought:?}");
        }
    }
}

#[actix_web::test]
async fn a_chat_stream_is_whole_by_its_own_end_and_by_nothing_else() {
    let cut = |more: &'static str, ends: bool| {
        RawServer::start(move |_| {
            let text = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{TEXT}\"}}}}]}}\n\n");
            let end = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"completion_tokens\":3}}\n\n";
            let body = if ends { text + end } else { text };
            vec![send(head("1.1", "text/event-stream", more)), send(body), Act::Close]
        })
    };
    for more in ["", "content-length: 4000\r\n"] {
        let (whole, half) = (cut(more, true), cut(more, false));
        assert_eq!(Client::Chat.ask(&whole.url(), PATIENT, PATIENT).await.as_deref(), Ok(TEXT), "{more:?}");
        assert!(Client::Chat.ask(&half.url(), PATIENT, PATIENT).await.is_err(), "{more:?}");
    }
    for (name, form) in BROKEN.into_iter().skip(2) {
        let server = server(Client::Chat, form);
        assert!(Client::Chat.ask(&server.url(), PATIENT, PATIENT).await.is_err(), "{name}");
    }
}

#[actix_web::test]
async fn nobody_is_asked_for_an_encoding_and_everybody_is_told_who_asks() {
    for client in CLIENTS {
        let server = server(client, WHOLE[0].1);
        client.ask(&server.url(), PATIENT, PATIENT).await.expect("an answer");
        for asked in server.asked() {
            assert_eq!(asked.header("accept-encoding"), Some("identity"), "{asked:?}");
            assert_eq!(asked.header("host"), Some(server.address().to_string().as_str()), "{asked:?}");
            assert!(asked.header("user-agent").is_some_and(|name| name.starts_with("generation-service/")));
        }
    }
}
