//! Credentials as an operator of NATS makes them with `nsc`: an operator vouches for an account, which vouches for a user.

use std::{
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use data_encoding::BASE64URL_NOPAD;
use nkeys::KeyPair;
use serde_json::{Value, json};

/// The part of the servers' configuration that makes them trust the operator.
pub(super) const CONFIG: &str = "operator.conf";

/// The user's file.
pub(super) const FILE: &str = "service.creds";

/// Makes both files.
pub(super) fn make(folder: &Path) {
    let (operator, system, account, user) =
        (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account(), KeyPair::new_user());
    let vouches_for_account = |account: &KeyPair, name, storage: i64| {
        let limits = json!({
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
            "mem_storage": storage, "disk_storage": storage, "streams": storage, "consumer": storage,
        });
        token(&operator, account, name, json!({ "type": "account", "version": 2, "limits": limits }))
    };
    let claims = json!({ "type": "operator", "version": 2, "system_account": system.public_key() });
    let trusted = token(&operator, &operator, "test", claims);
    // The system's own account may store nothing.
    let accounts = [(&system, "SYS", 0), (&account, "service", -1)].map(|(account, name, storage)| {
        format!("  {}: {}\n", account.public_key(), vouches_for_account(account, name, storage))
    });
    let config = format!(
        "operator: {trusted}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{\n{}}}\n",
        system.public_key(),
        accounts.concat()
    );
    fs::write(folder.join(CONFIG), config).expect("it can be written");
    let limits = json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1, "pub": {}, "sub": {} });
    let (jwt, seed) = (token(&account, &user, "service", limits), user.seed().expect("a pair of our own"));
    let file = format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    );
    fs::write(folder.join(FILE), file).expect("it can be written");
}

/// What `issuer` says about `subject`, signed.
fn token(issuer: &KeyPair, subject: &KeyPair, name: &str, nats: Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that is set").as_secs();
    let header = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let claims = json!({
        "jti": subject.public_key(), "iat": now, "iss": issuer.public_key(), "name": name, "sub": subject.public_key(), "nats": nats,
    });
    let signed = [header, claims].map(|part| BASE64URL_NOPAD.encode(part.to_string().as_bytes())).join(".");
    let signature = issuer.sign(signed.as_bytes()).expect("a pair of our own");
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
}
