//! What servers tell about themselves over HTTP.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;

use crate::http::Request;

/// A server that is starting, or was stopped by a signal, accepts connections and says nothing.
const LIMIT: Duration = Duration::from_millis(500);

/// Whether it says that it is healthy. Servers of a cluster do so before the cluster has a leader.
pub(super) fn is_healthy(monitor: SocketAddr) -> bool {
    Request::get("/healthz").try_send(monitor, LIMIT).is_ok_and(|response| response.status() == 200)
}

/// What it knows of the cluster's own group, which places streams; null if it is in no cluster.
pub(super) fn meta_group(monitor: SocketAddr) -> Option<Value> {
    ask(monitor, "/jsz").map(|mut told| told["meta_cluster"].take())
}

/// The name of the server that it knows as the leader of a stream. None if it has no such stream or no leader is known.
pub(super) fn leader(monitor: SocketAddr, stream: &str) -> Option<String> {
    let told = ask(monitor, "/jsz?accounts=true&streams=true")?;
    let accounts = told["account_details"].as_array()?;
    let mut streams = accounts.iter().filter_map(|account| account["stream_detail"].as_array()).flatten();
    let found = streams.find(|one| one["name"] == stream)?;
    found["cluster"]["leader"].as_str().filter(|name| !name.is_empty()).map(Into::into)
}

/// Whether all `running` servers agree on one of them as the leader and it has heard of the others lately. With a leader alone, the
/// creation of a replicated stream may be lost or refused.
pub(super) fn is_cluster_ready(running: &[(String, SocketAddr)], size: usize) -> bool {
    let Some(views) = running.iter().map(|(_, monitor)| meta_group(*monitor)).collect::<Option<Vec<_>>>() else {
        return false;
    };
    let leader = &views[0]["leader"];
    let Some(lead) = running.iter().position(|(name, _)| leader == name.as_str()) else { return false };
    let others = views[lead]["replicas"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_current = |name: &str| others.iter().any(|other| other["name"] == name && other["current"] == true);
    views.iter().all(|view| view["leader"] == *leader && view["cluster_size"] == size)
        && running.iter().enumerate().all(|(index, (name, _))| index == lead || is_current(name))
}

fn ask(monitor: SocketAddr, path: &str) -> Option<Value> {
    let response = Request::get(path).try_send(monitor, LIMIT).ok()?;
    (response.status() == 200).then(|| response.json())
}
