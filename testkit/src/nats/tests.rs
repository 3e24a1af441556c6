//! Tests the launcher with the real servers.

use std::process::Command;

use super::{
    raw::{Connection, lets_in, request},
    *,
};

/// Creates a stream at the first attempt.
fn create(nats: &Nats, index: usize) {
    let config = format!(r#"{{"name":"S","subjects":["s"],"num_replicas":{},"max_bytes":1000000}}"#, nats.count());
    let answer = request(nats, index, "$JS.API.STREAM.CREATE.S", &config);
    assert_eq!(answer["config"]["num_replicas"], nats.count(), "{answer}");
}

fn messages(nats: &Nats, index: usize) -> u64 {
    let answer = request(nats, index, "$JS.API.STREAM.INFO.S", "");
    answer["state"]["messages"].as_u64().unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn a_killed_server_comes_back_with_its_data() {
    let mut nats = Nats::one();
    create(&nats, 0);
    assert_eq!(request(&nats, 0, "s", "text")["seq"], 1);
    let urls = nats.urls();
    nats.kill(0);
    nats.restart(0);
    nats.wait_ready();
    assert_eq!((nats.urls(), messages(&nats, 0)), (urls, 1));
}

#[test]
fn an_emptied_server_comes_back_without_its_data() {
    let mut nats = Nats::one();
    create(&nats, 0);
    nats.empty();
    nats.start_all();
    nats.wait_ready();
    assert_eq!(request(&nats, 0, "$JS.API.STREAM.INFO.S", "")["error"]["code"], 404);
}

#[test]
fn three_servers_replicate_and_another_leads_after_a_kill_and_a_freeze() {
    let mut nats = Nats::three();
    create(&nats, 0);
    let first = nats.leader("S");
    assert_eq!(request(&nats, first, "s", "text")["seq"], 1);
    nats.kill(first);
    let second = nats.leader("S");
    assert_ne!(first, second);
    assert_eq!(messages(&nats, second), 1);
    nats.restart(first);
    nats.wait_ready();
    let leader = nats.leader("S");
    nats.freeze(leader);
    let third = nats.leader("S");
    assert_ne!(leader, third);
    nats.thaw(leader);
    nats.wait_ready();
    assert_eq!(messages(&nats, leader), 1);
}

#[test]
fn only_clients_that_know_the_secret_are_let_in() {
    let nats = Nats::builder().user("service", "secret").start();
    assert!(lets_in(&nats, r#"{"user":"service","pass":"secret"}"#));
    assert!(!lets_in(&nats, r#"{"user":"service","pass":"wrong"}"#));
    let nats = Nats::builder().token("secret").start();
    assert!(lets_in(&nats, r#"{"auth_token":"secret"}"#));
    assert!(!lets_in(&nats, "{}"));
}

#[test]
fn only_clients_with_credentials_are_let_in() {
    let nats = Nats::builder().servers(3).credentials().start();
    assert!(!lets_in(&nats, "{}"));
    let file = fs::read_to_string(nats.credentials()).expect("it is there");
    let between =
        |before, after| file.split_once(before).and_then(|(_, rest)| rest.split_once(after)).expect(before).0.trim();
    let jwt = between("BEGIN NATS USER JWT-----", "------END");
    let seed = between("BEGIN USER NKEY SEED-----", "------END");
    let mut connection = Connection::open(&nats, 0);
    let nonce = connection.greeting()["nonce"].as_str().expect("a challenge").to_owned();
    let signature = nkeys::KeyPair::from_seed(seed).expect("a seed").sign(nonce.as_bytes()).expect("a signature");
    let signature = data_encoding::BASE64URL_NOPAD.encode(&signature);
    assert!(connection.log_in(&format!(r#"{{"jwt":"{jwt}","sig":"{signature}"}}"#)));
    let answer = connection.request("$JS.API.STREAM.CREATE.S", r#"{"name":"S","num_replicas":3}"#);
    assert_eq!(answer["config"]["num_replicas"], 3, "{answer}");
    nats.leader("S");
}

#[test]
fn tls_is_demanded_with_a_certificate_of_the_authority() {
    let nats = Nats::builder().tls().start();
    assert_eq!(Connection::open(&nats, 0).greeting()["tls_required"], true);
    assert!(nats.url(0).starts_with("tls://127.0.0.1:"));
    let certificate = nats.folder.path().join("certificate.pem");
    let mut verify = Command::new("openssl");
    verify.args(["verify", "-purpose", "sslserver", "-verify_ip", "127.0.0.1", "-CAfile"]);
    assert!(verify.arg(nats.ca()).arg(certificate).status().expect("openssl runs").success());
}

#[test]
fn a_server_may_lack_jetstream_or_room() {
    let nats = Nats::builder().jetstream(false).start();
    assert_eq!(Connection::open(&nats, 0).greeting()["jetstream"], serde_json::Value::Null);
    let nats = Nats::builder().max_file(1000).start();
    let answer = request(&nats, 0, "$JS.API.STREAM.CREATE.S", r#"{"name":"S","max_bytes":1001}"#);
    assert_eq!(answer["error"]["err_code"], 10047, "{answer}");
}
