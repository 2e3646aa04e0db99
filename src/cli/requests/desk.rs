//! The desk somebody works at: which installation, who they are, what time it is. Authority is granted here and in `web`.

use crate::app::{App, AppError};
use crate::authority::{Actor, Auditor, Authority, Dpo, Handler, System, grant};
use crate::cli::exit::Failed;
use crate::clock::{Clock, Timestamp};
use crate::config::staff::{Register, Role};
use crate::config::{self, Config, ConfigError};
use crate::flows::make_installation::staff_key;
use crate::ids::{OfficerId, OrganisationId};
use crate::requests::request::Request;
use anyhow::anyhow;
use std::path::{Path, PathBuf};

/// Which installation, who acts, and when.
#[derive(clap::Args, Clone)]
pub(in crate::cli) struct DeskArgs {
    /// The settings of the installation; by default HABEAS_CONFIG, or `habeas.toml` here.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Who acts: an id of the staff register; by default HABEAS_AS.
    #[arg(long = "as", global = true, value_name = "ID")]
    pub who: Option<OfficerId>,
    /// Their key file.
    #[arg(long, global = true, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Print JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// The instant to work at, in an installation made for practice.
    #[arg(long, global = true, value_name = "INSTANT", hide = true)]
    pub now: Option<Timestamp>,
}

/// The file of the installation's settings.
pub(in crate::cli) fn config_file(named: Option<&Path>) -> PathBuf {
    named
        .map(Path::to_path_buf)
        .or_else(|| config::variable(config::FILE_VARIABLE).map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from(config::FILE))
}

/// Somebody who signed in.
pub(in crate::cli) enum Signed {
    /// May decide.
    Dpo(Dpo),
    /// May handle.
    Handler(Handler),
    /// May look.
    Auditor(Auditor),
}

impl Authority for Signed {
    fn organisation(&self) -> &OrganisationId {
        match self {
            Self::Dpo(who) => who.organisation(),
            Self::Handler(who) => who.organisation(),
            Self::Auditor(who) => who.organisation(),
        }
    }

    fn actor(&self) -> Actor {
        match self {
            Self::Dpo(who) => who.actor(),
            Self::Handler(who) => who.actor(),
            Self::Auditor(who) => who.actor(),
        }
    }
}

/// An open installation with its time.
pub(in crate::cli) struct Desk {
    /// The installation.
    pub app: App,
    /// The present.
    pub now: Timestamp,
    organisation: OrganisationId,
    args: DeskArgs,
}

fn config_failed(error: ConfigError) -> Failed {
    match error {
        ConfigError::File(_) => Failed::unreadable(error),
        _ => Failed::bad_input(error),
    }
}

/// The settings and the present; a time that somebody names is for installations made for practice.
pub(in crate::cli) fn settings(args: &DeskArgs) -> Result<(Config, Timestamp), Failed> {
    let config = Config::load(&config_file(args.config.as_deref())).map_err(config_failed)?;
    let clock = match args.now {
        None => Clock::Real,
        Some(at) if config.organisation.rehearsal => Clock::Fixed(at),
        Some(_) => {
            let why = "--now is only for an installation made for practice (`init --rehearsal`): dates of real requests are not invented";
            return Err(Failed::bad_input(anyhow!(why)));
        }
    };
    Ok((config, clock.now()))
}

impl Desk {
    /// Opens the installation.
    pub(in crate::cli) fn open(args: &DeskArgs) -> Result<Self, Failed> {
        let (config, now) = settings(args)?;
        let organisation = config.organisation.id.parse().map_err(Failed::bad_input)?;
        let app = App::open(config, now).map_err(|e| match e {
            AppError::Config(e) => config_failed(e),
            AppError::Book(_) => Failed::internal(e),
            _ => Failed::unreadable(e),
        })?;
        Ok(Self { app, now, organisation, args: args.clone() })
    }

    /// A job of this program.
    pub(in crate::cli) fn system(&self) -> System {
        grant::system(self.organisation.clone())
    }

    /// Whoever acts, proven by their key.
    pub(in crate::cli) fn signed(&self) -> Result<Signed, Failed> {
        let (who, role) = proven(&self.app.config, &self.args)?;
        let organisation = self.organisation.clone();
        Ok(match role {
            Role::Dpo => Signed::Dpo(grant::dpo(organisation, who)),
            Role::Caseworker => Signed::Handler(grant::caseworker(organisation, who).into()),
            Role::Auditor => Signed::Auditor(grant::auditor(organisation, who)),
        })
    }

    /// Whoever acts, as one who handles requests.
    pub(in crate::cli) fn handler(&self) -> Result<Handler, Failed> {
        match self.signed()? {
            Signed::Dpo(who) => Ok(who.into()),
            Signed::Handler(who) => Ok(who),
            Signed::Auditor(who) => {
                Err(Failed::bad_input(anyhow!("`{}` is an auditor, who looks and changes nothing", who.officer())))
            }
        }
    }

    /// Whoever acts, as one who decides.
    pub(in crate::cli) fn dpo(&self) -> Result<Dpo, Failed> {
        match self.signed()? {
            Signed::Dpo(who) => Ok(who),
            other => Err(Failed::bad_input(anyhow!(
                "only a data protection officer may do this, and {} is none; `habeas requests staff list` names them",
                other.actor()
            ))),
        }
    }

    /// The request whose id begins with `text`, if it is one.
    pub(in crate::cli) fn request(&self, by: &dyn Authority, text: &str) -> Result<Request, Failed> {
        let found = self.app.store.read(by, |r| r.requests_like(text, 3)).map_err(super::store_failed)?;
        match found.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(Failed::bad_input(anyhow!("there is no request `{text}`; `habeas requests list` names all"))),
            _ => Err(Failed::bad_input(anyhow!("several requests begin with `{text}`; give more of the id"))),
        }
    }
}

/// Who acts and in which role, once their key proves it.
pub(in crate::cli) fn proven(config: &Config, args: &DeskArgs) -> Result<(OfficerId, Role), Failed> {
    let named = config::variable("HABEAS_AS").map(|id| id.parse().map_err(Failed::bad_input)).transpose()?;
    let who: OfficerId = args
        .who
        .clone()
        .or(named)
        .ok_or_else(|| Failed::bad_input(anyhow!("say who you are with --as ID (`habeas requests staff list`)")))?;
    let own = || config::home().map(|home| home.join(".habeas").join(format!("{who}.key"))).filter(|p| p.exists());
    let key = args
        .key
        .clone()
        .or_else(|| config::variable("HABEAS_STAFF_KEY").map(PathBuf::from))
        .or_else(own)
        .unwrap_or_else(|| staff_key(&config.folder, &who));
    let register = Register::load(&config.folder).map_err(Failed::unreadable)?;
    let role = register.prove(&who, &key).map_err(Failed::bad_input)?;
    Ok((who, role))
}
