//! `start`: the gateway on this machine.
//!
//! The Worker that runs on Cloudflare runs here too, under `workerd`, with its Durable Objects on disk. This
//! process is not in the way of a request. It owns what has to outlive a workerd: the listening socket, the
//! lock on the state directory, the config of the moment.
//!
//! ```text
//! options ─ access ─ settings ─ bundle ─ workerd ─ state ─ listen ─ supervise ─ banner
//!                                                            │  └ child, capnp, ready, signals
//!                                               watch ─ control, orders
//! ```

mod access;
mod banner;
mod bundle;
mod capnp;
mod child;
mod control;
mod listen;
mod options;
mod orders;
mod ready;
mod settings;
mod signals;
mod state;
mod supervise;
mod watch;
mod workerd;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;

pub(crate) use bundle::modules as bundle_modules;
pub(crate) use options::{Options, Source, place, state_directory};
pub(crate) use orders::{RELOAD, Reloaded};
pub(crate) use ready::is_ready;
pub(crate) use settings::read_file;
pub(crate) use state::Pids;
pub(crate) use workerd::find as find_workerd;

use self::banner::{Auth, Banner};
use self::listen::Listener;
use self::ready::Ready;
use self::settings::Settings;
use self::signals::Signals;
use self::state::State;
use self::supervise::Supervisor;
use self::watch::Reloader;
use super::environment::Environment;
use super::failure::Failure;
use super::print;
use super::{Bundle, demo};
use crate::deployment;

/// Runs until it is told to stop. `json`: says for programs that it is ready.
pub(crate) async fn run(
    options: Options,
    bundle: Bundle,
    environment: Environment,
    json: bool,
) -> Result<(), Failure> {
    let signals = Signals::listen()?;
    let settings = first_settings(&options, &environment).await?;
    let modules = bundle::modules(bundle, &environment)?;
    let workerd = workerd::find(options.workerd.as_deref(), &environment)?;
    let mut state = State::open(&options.state_dir)?;
    state.admit(&workerd.version)?;
    let listener = Listener::bind(&options.host, options.port).await?;
    bundle::install(&modules, &state.run())?;

    warn_of_strangers(&listener, &options);

    let auth = match options.require_auth && options.access.as_ref().is_none_or(|access| access.keyed) {
        false => Auth::Off,
        true if environment.get(deployment::MASTER_KEY_VARIABLE).is_some() => Auth::EnvironmentKey,
        true => Auth::ConfigKey,
    };
    let (config_file, watch) = match options.source {
        Source::Demo => (None, None),
        Source::File { path, watch } => (Some(path), watch),
    };
    let settings = Arc::new(settings);
    let (live_now, live) = tokio::sync::watch::channel(Arc::clone(&settings));
    let boots = Arc::default();
    introduce(&mut state, config_file.as_deref(), &environment);
    let reloader = config_file.clone().map(|path| Reloader {
        path,
        debounce: watch,
        require_auth: options.require_auth,
        environment: environment.clone(),
        live: live_now,
        boots: Arc::clone(&boots),
        control: state.control_socket(),
    });
    let banner = Banner {
        url: &listener.url(),
        config_file: config_file.as_deref(),
        watched: watch.is_some(),
        auth,
        access: options.access.as_ref().map(|access| access.issuer.as_str()),
        state_dir: state.directory(),
        settings: &settings,
    };
    let banner = if json { format!("{}\n", banner.json()) } else { banner.render() };
    let orders = state.order_socket();
    let supervisor = Supervisor {
        workerd: workerd.path,
        state,
        listener,
        require_auth: options.require_auth,
        access_certs_url: options.access.and_then(|access| access.certs_url),
        environment,
        live,
        boots,
    };
    let on_ready = |ready| {
        if ready == Ready::NotForUs {
            print::warning(
                "Access or the IP allowlist leaves this machine out: here, the `curl` below is answered with 403",
            );
        }
        if let Some(reloader) = reloader {
            let (tell, askers) = mpsc::channel(1);
            if let Err(error) = orders::listen(&orders, tell) {
                print::warning(format_args!("`llm-router reload` will not work: {error}"));
            }
            tokio::spawn(reloader.run(askers));
        }
        print::answer(&banner); // who has read it may say `reload`
    };
    supervisor.run(signals, on_ready).await
}

fn warn_of_strangers(listener: &Listener, options: &Options) {
    if let Some(url) = options.access.as_ref().and_then(|access| access.certs_url.as_deref()) {
        print::warning(format_args!(
            "Access tokens are checked with the keys at {url}: this is for tests only"
        ));
    }
    if !listener.is_loopback() && !options.require_auth && options.access.is_none() {
        print::warning(format_args!(
            "{} is reachable from other machines and asks for no key: everyone there can spend yours; \
             see --require-auth",
            listener.address
        ));
    }
}

/// Set by the services that `startup-install` writes.
pub(crate) const MANAGED_VARIABLE: &str = "LLM_ROUTER_MANAGED_BY_STARTUP";

fn introduce(state: &mut State, config: Option<&Path>, environment: &Environment) {
    let managed = environment.get(MANAGED_VARIABLE) == Some("1");
    if let Err(error) = state.introduce(config, managed) {
        print::warning(format_args!("cannot write down what runs, `stop` and `reload` may miss it: {error}"));
    }
}

/// Whether `start` would accept these options in this environment: its config, and the key that clients must
/// present. Says what is odd about the config, and which variables its providers take their keys from.
pub(crate) fn check(
    options: &Options,
    environment: &Environment,
) -> Result<(Vec<String>, Vec<String>), Failure> {
    let Source::File { path, .. } = &options.source else {
        return Err(Failure::input("the demo is for trying out: a service needs a config"));
    };
    let checked = Settings::check(read(path)?, options.require_auth, environment);
    let settings = checked.map_err(|refusal| settings::refused(&path.display().to_string(), refusal))?;
    let variables = settings.key_variable_names();
    Ok((settings.warnings, variables))
}

/// The config to start with: the file's, or the demo's, whose provider is started here.
async fn first_settings(options: &Options, environment: &Environment) -> Result<Settings, Failure> {
    let (origin, text) = match &options.source {
        Source::Demo => {
            let provider = demo::serve().await;
            let address = provider
                .map_err(|error| Failure::runtime(format!("cannot start the demo's provider: {error}")))?;
            ("the demo's config".to_owned(), demo::config(address))
        }
        Source::File { path, .. } => (path.display().to_string(), read(path)?),
    };
    let checked = Settings::check(text, options.require_auth, environment);
    let (Ok(Settings { warnings, .. }) | Err(settings::Refusal { warnings, .. })) = &checked;
    print::warnings(warnings);
    checked.map_err(|refusal| settings::refused(&origin, refusal))
}

fn read(path: &Path) -> Result<String, Failure> {
    let text = settings::read_file(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => settings::missing(path),
        _ => Failure::input(format!("cannot read {}: {error}", path.display())),
    })?;
    if is_open_to_others(path) {
        let path = path.display();
        print::warning(format_args!(
            "other users can read {path}, which may hold keys; close it with `chmod 600 {path}`"
        ));
    }
    Ok(text)
}

fn is_open_to_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
}
