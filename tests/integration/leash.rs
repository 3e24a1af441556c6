//! The harness itself: nothing that a test starts may outlive it.

use std::{fs, path::Path};

use crate::harness::{peers::Peer, wait};

/// A tree as browsers have them: a child in a session of its own and one whose parent has ended.
const TREE: &str = "
    setsid sleep 1000 & echo $! >> pids
    (sleep 1000 & echo $! >> pids)
    echo $$ >> pids
    echo ready > ready
    sleep 1000
";

fn alive(pid: &str) -> bool {
    Path::new("/proc").join(pid).exists()
}

#[test]
fn everything_that_a_peer_started_ends_with_it() {
    let peer = Peer::start(["bash", "-c", TREE]);
    let folder = peer.folder().to_owned();
    wait::until("the tree to stand", || folder.join("ready").exists().then_some(()));
    let pids = fs::read_to_string(folder.join("pids")).expect("the ids");
    let pids: Vec<&str> = pids.lines().collect();
    assert_eq!(pids.len(), 3);
    assert!(pids.iter().all(|pid| alive(pid)));
    drop(peer);
    for pid in pids {
        wait::until("a process to end", || (!alive(pid)).then_some(()));
    }
}
