//! Making an installation in a folder: keys, register, settings, database. Nothing that is there is replaced.

use crate::app::{App, AppError};
use crate::clock::Timestamp;
use crate::config::staff::{Register, Role, StaffError};
use crate::config::{self, Config, ConfigError};
use crate::crypto::token::{NoRandomness, random};
use crate::files::{self, FileError};
use crate::ids::OfficerId;
use crate::ledger::note::Signer;
use crate::store;
use std::path::{Path, PathBuf};

/// Who the installation is for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its folder; made when it is not there.
    pub folder: PathBuf,
    /// The organisation, as its letters name it.
    pub organisation: config::organisation::Organisation,
    /// The first data protection officer.
    pub dpo: OfficerId,
}

/// An installation that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// There is one already.
    #[error("`{path}` is there already; an installation is never made over another", path = .0.display())]
    Exists(PathBuf),
    /// The settings given.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The register.
    #[error(transparent)]
    Staff(#[from] StaffError),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Opening what was made.
    #[error(transparent)]
    App(#[from] AppError),
    /// The ledger's key.
    #[error(transparent)]
    Ledger(#[from] crate::ledger::Error),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// Makes the installation and opens it once; gives the file of its settings.
pub fn make_installation(plan: &Plan, now: Timestamp) -> Result<PathBuf, InstallError> {
    let folder = &plan.folder;
    let file = folder.join(config::FILE);
    let defaults = Config { folder: folder.clone(), organisation: plan.organisation.clone(), ..Config::default() };
    defaults.check()?;
    for path in [&file, &folder.join(config::staff::FILE), &folder.join(&defaults.store.database)] {
        if path.exists() {
            return Err(InstallError::Exists(path.clone()));
        }
    }
    files::create_private_folder(&folder.join("keys"))?;
    make_keys(&defaults)?;
    Register::add(folder, &plan.dpo, Role::Dpo, &staff_key(folder, &plan.dpo))?;
    files::write_whole(&file, sample(&plan.organisation).as_bytes())?;
    // Opening makes the database, and shows that what was made works.
    App::open(Config::load(&file)?, now)?;
    Ok(file)
}

/// Where the key of a member of staff is put until they take it.
pub fn staff_key(folder: &Path, id: &OfficerId) -> PathBuf {
    folder.join("staff").join(format!("{id}.key"))
}

fn make_keys(config: &Config) -> Result<(), InstallError> {
    store::create_master_key(&config.path(&config.keys.master))?;
    let name = store::origin("habeas", &config.organisation.id.parse().map_err(|e| unfit(&e))?);
    let signer = Signer::from_seed(&name, random()?)?;
    files::write_secret(&config.path(&config.keys.ledger), format!("{}\n", signer.secret_text()).as_bytes())?;
    let public = format!("{}\n", signer.verifier());
    files::write_whole(&config.path("ledger.vkey"), public.as_bytes())?;
    let bounces = format!("{}\n", hex::encode(random::<32>()?));
    Ok(files::write_secret(&config.path(&config.keys.bounces), bounces.as_bytes())?)
}

fn unfit(error: &crate::ids::IdError) -> ConfigError {
    ConfigError::Value { section: "organisation", key: "id", reason: error.to_string() }
}

/// The first settings, with what else can be said as comments.
fn sample(organisation: &config::organisation::Organisation) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let o = organisation;
    let languages = toml::Value::from(o.languages.clone()).to_string();
    let rehearsal =
        if o.rehearsal { "rehearsal = true        # for practice only: --now may set the clock\n" } else { "" };
    format!(
        "# Settings of Habeas. `habeas config check` checks them, `habeas config show` tells every value and its source.
# A variable HABEAS_<SECTION>_<KEY>, e.g. HABEAS_MAIL_HOST, wins over this file. Paths start at this folder.

[organisation]
id = {id}
name = {name}
address = {address}
email = {email}          # answers come here
place = {place}          # of establishment; `habeas clock list` names all
dpo = {dpo}
languages = {languages}
{rehearsal}# status_url = \"https://...\"     complaint_url = \"https://...\"     appeal_url = \"https://...\"
# opt_out_url = \"https://...\"    policy_url = \"https://...\"

[store]
database = \"habeas.db\"

[mail]
way = \"folder\"            # letters become files in `folder`; nobody is written to. Change to \"smtp\" to send.
folder = \"mail-out\"
# host = \"mail.example.com\"   port = 587   line = \"starttls\"
# login = \"habeas\"            password_file = \"keys/smtp-password\"
bounces = \"bounces\"         # bounces come to bounces+...@the domain of `email`

[schedule]
warn_days = 7

# What answers say of your processing; `habeas messages show --message access-answer` tells what the law asks for.
# [words.en]
# purposes = [\"Sales and support: contract (Art. 6(1)(b) GDPR)\"]
# categories = [\"name and contact details\", \"orders\"]
# recipients = [\"Example Hosting Ltd, Ireland\"]
# retention = [\"orders: 10 years\", \"contacts: 2 years after the last contact\"]
# sources = [\"you\"]
# transfers = []
# searched = [\"CRM\", \"shop\", \"mail archive\"]
# identifiers = [\"mail address\", \"customer number\"]
",
        id = quoted(&o.id),
        name = quoted(&o.name),
        address = quoted(&o.address),
        email = quoted(&o.email),
        place = quoted(&o.place),
        dpo = quoted(&o.dpo),
    )
}
