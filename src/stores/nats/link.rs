//! The node's thread, and its connection to the engine.

use std::{rc::Rc, thread::JoinHandle, time::Duration};

use async_nats::{ConnectOptions, Event};
use derive_more::{Display, Error, From};
use generation_actors::{model::NodeId, ports::Live};
use secrecy::ExposeSecret as _;
use tokio::{
    runtime,
    sync::{mpsc, oneshot},
    task::LocalSet,
};
use tokio_util::task::TaskTracker;

use super::{
    beats::Beats,
    engine::Engine,
    lanes::Lanes,
    peers,
    streams::{self, Streams},
    subjects::Subjects,
    watch,
    writer::Writer,
};
use crate::config::{NatsLogin, NatsStore};

/// A frozen server is noticed after two of these.
const PING: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Updates that wait to be sent, of all jobs.
const LIVE_AHEAD: usize = 4096;

/// Something to do on the node's thread.
pub(super) type Call = Box<dyn FnOnce(Rc<Node>) + Send>;

/// What lives on the node's thread.
pub(super) struct Node {
    pub(super) writer: Writer,
    pub(super) beats: Beats,
    pub(super) lanes: Lanes,
    /// Reads end with the thread, finished or not.
    pub(super) reads: TaskTracker,
}

/// How other threads reach the node's.
pub(super) struct Handles {
    pub(super) calls: mpsc::UnboundedSender<Call>,
    /// Full while the connection is down; what does not fit is lost, and repaired by those who follow.
    pub(super) live: mpsc::Sender<Live>,
}

/// Why the store cannot be opened.
#[derive(Debug, Display, Error, From)]
pub enum CannotStart {
    /// Nobody listens there, or lets us in.
    #[display("cannot connect to NATS at {urls}: {source}")]
    #[from(ignore)]
    Connect {
        /// Where.
        urls: String,
        /// Why not.
        source: async_nats::ConnectError,
    },
    /// The credentials cannot be read.
    #[display("the credentials file {file} cannot be read: {source}")]
    #[from(ignore)]
    Credentials {
        /// Its path.
        file: String,
        /// Why not.
        source: std::io::Error,
    },
    /// What was found there does not do.
    #[display("{_0}")]
    Unusable(#[error(not(source))] Box<dyn std::error::Error + Send + Sync>),
}

/// Starts the thread; returns when it is connected.
pub(super) async fn start(
    settings: NatsStore,
    retention: Duration,
    node: NodeId,
) -> Result<(Handles, JoinHandle<()>), CannotStart> {
    let (calls, receiver) = mpsc::unbounded_channel();
    let (live, published) = mpsc::channel(LIVE_AHEAD);
    let (ready, started) = oneshot::channel();
    let run = move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(LocalSet::new().run_until(run(
                settings,
                (node, retention),
                receiver,
                published,
                ready,
            ))),
            Err(error) => drop(ready.send(Err(CannotStart::Unusable(error.into())))),
        }
    };
    let thread = std::thread::Builder::new().name("nats".into()).spawn(run);
    let thread = thread.map_err(|error| CannotStart::Unusable(error.into()))?;
    let ended = |_| CannotStart::Unusable("the thread of the job store ended at once".into());
    started.await.map_err(ended)??;
    Ok((Handles { calls, live }, thread))
}

async fn run(
    settings: NatsStore,
    (id, retention): (NodeId, Duration),
    mut calls: mpsc::UnboundedReceiver<Call>,
    published: mpsc::Receiver<Live>,
    ready: oneshot::Sender<Result<(), CannotStart>>,
) {
    let (engine, nodes) = match connect(&settings, id).await {
        Ok(connected) => connected,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    let writer = Writer::new(engine.clone(), id, retention);
    let beats = Beats::new(nodes.clone(), id, settings.lease);
    let node = Rc::new(Node { writer, beats, lanes: Lanes::default(), reads: TaskTracker::new() });
    if ready.send(Ok(())).is_err() {
        return;
    }
    let work = async {
        while let Some(call) = calls.recv().await {
            call(Rc::clone(&node));
        }
        node.lanes.empty().await;
    };
    // The node lives until its last write is done.
    tokio::select! {
        () = work => {}
        () = node.beats.run() => {}
        () = watch::run(&node, &nodes, &settings) => {}
        () = peers::publish(&engine, published) => {}
    }
    // What is on its way to the server is not lost with the thread.
    if let Err(error) = engine.client().flush().await {
        log::debug!("the connection to NATS was not flushed: {error}");
    }
}

/// The engine as it holds jobs, and as it holds beats.
async fn connect(settings: &NatsStore, node: NodeId) -> Result<(Engine, Engine), CannotStart> {
    let mut options = log_in(&settings.login).await?;
    if let Some(file) = &settings.ca_file {
        options = options.add_root_certificates(file.clone());
    }
    let options = options
        .name(format!("generation-service {node}"))
        .ping_interval(PING)
        .connection_timeout(CONNECT_TIMEOUT)
        .event_callback(async |event| tell(&event));
    let client = options
        .connect(settings.urls.as_slice())
        .await
        .map_err(|source| CannotStart::Connect { urls: settings.addresses(), source })?;
    let subjects = Subjects::new(settings.prefix.as_str());
    let opened = streams::open(&client, settings, &subjects).await;
    let Streams { jobs, nodes } = opened.map_err(|error| CannotStart::Unusable(error.into()))?;
    Ok((Engine::new(client.clone(), jobs, subjects.clone()), Engine::new(client, nodes, subjects)))
}

fn tell(event: &Event) {
    match event {
        Event::Connected => log::info!("connected to NATS"),
        Event::Disconnected => log::warn!("the connection to NATS is lost; reconnecting"),
        Event::LameDuckMode => log::info!("the NATS server is shutting down; going to another"),
        event => log::warn!("NATS: {event}"),
    }
}

async fn log_in(login: &NatsLogin) -> Result<ConnectOptions, CannotStart> {
    Ok(match login {
        NatsLogin::Open => ConnectOptions::new(),
        NatsLogin::User(user, password) => {
            ConnectOptions::with_user_and_password(user.clone(), password.expose_secret().to_owned())
        }
        NatsLogin::Token(token) => ConnectOptions::with_token(token.expose_secret().to_owned()),
        NatsLogin::File(file) => ConnectOptions::with_credentials_file(file)
            .await
            .map_err(|source| CannotStart::Credentials { file: file.display().to_string(), source })?,
    })
}
