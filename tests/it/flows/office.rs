//! An installation for flow tests: the real store, the real law, a real SMTP server, and a clock that the test sets.

use crate::notify::server::{Server, free_port, start};
use chrono::TimeDelta;
use habeas::app::App;
use habeas::authority::{Caseworker, Dpo, Handler, System, grant};
use habeas::clock::Timestamp;
use habeas::config::Config;
use habeas::config::mail::Way;
use habeas::config::organisation::Organisation;
use habeas::flows::FlowError;
use habeas::flows::make_installation::{Plan as Install, make_installation};
use habeas::flows::send_notice::Post;
use habeas::flows::step_request::{Also, step_request_and};
use habeas::ids::RequestId;
use habeas::personal::Personal;
use habeas::requests::command::{Act, ClaimAct, Letter};
use habeas::requests::request::Request;
use habeas::schedule::{self, Pass};
use habeas::store::Personals;
use std::path::{Path, PathBuf};

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What answers say of the processing: every field that some letter needs and only the organisation can know.
const WORDS: &str = r#"
purposes = ["Sales and support: contract (Art. 6(1)(b) GDPR)"]
categories = ["contact details", "orders"]
recipients = ["Example Hosting Ltd, Ireland"]
retention = ["orders: 10 years"]
sources = ["you"]
transfers = ["Example Cloud, USA: standard contractual clauses"]
automated = ""
redacted = false
period = "1 January 2025 to today"
third_parties = ["hosting providers"]
sold = []
disclosed = []
withheld = []
not_searched = []
formats = "JSON, HTML"
erased = ["contact", "notes"]
anonymised = []
told = []
corrected = ["address"]
disputed = []
deleted = true
purpose = "Credit limits for orders on account."
logic = "Orders and payments of two years are weighed."
consequence = "Orders on account up to 500 euros."
human = "A person decides on every objection."
findings = "The reminder was sent by mistake; we stopped it."
searched = ["CRM", "shop"]
identifiers = ["mail address"]
ground = "You contest the accuracy of the address."
cite = "GDPR Art. 18(1)(a)"
"#;

pub struct Office {
    pub dir: tempfile::TempDir,
    pub app: App,
    pub post: Post,
    pub port: u16,
    pub now: Timestamp,
    server: Option<Server>,
}

impl Office {
    pub fn new(now: Timestamp) -> Self {
        // In memory where there is such a place: what reaches the disk is for the tests of the store.
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let folder = dir.path().join("office");
        let organisation = Organisation {
            opt_out_url: "https://acme.example/choices".to_owned(),
            complaint_url: "https://acme.example/complaint".to_owned(),
            policy_url: "https://acme.example/privacy".to_owned(),
            ..Organisation::for_tests()
        };
        let file = make_installation(&Install { folder, organisation, dpo: "dora".parse().unwrap() }, now).unwrap();
        let mut config = Config::load(&file).unwrap();
        let port = free_port();
        config.organisation.opt_out_url = "https://acme.example/choices".to_owned();
        config.organisation.complaint_url = "https://acme.example/complaint".to_owned();
        config.organisation.policy_url = "https://acme.example/privacy".to_owned();
        config.mail.way = Way::Smtp;
        config.mail.host = "127.0.0.1".to_owned();
        config.mail.port = port;
        config.mail.line = "plain".to_owned();
        config.schedule.letters_most = 10_000;
        for lang in ["en", "de", "fr", "zh-CN"] {
            config.words.insert(lang.to_owned(), toml::from_str(WORDS).unwrap());
        }
        config.check().unwrap();
        let app = App::open(config, now).unwrap();
        let (transport, paths) = app.post().unwrap();
        std::fs::create_dir_all(dir.path().join("back/new")).unwrap();
        Self { dir, app, post: Post { transport, paths }, port, now, server: None }
    }

    pub fn mails(&self) -> PathBuf {
        self.dir.path().join("mails")
    }

    pub fn server_up(&mut self) {
        self.server = Some(start(self.port, &self.mails(), None));
    }

    pub fn server_down(&mut self) {
        self.server = None;
    }

    pub fn is_up(&self) -> bool {
        self.server.is_some()
    }

    pub fn tick(&mut self, seconds: i64) {
        self.now = self.now.plus(TimeDelta::seconds(seconds)).unwrap();
    }

    pub fn system(&self) -> System {
        grant::system("acme".parse().unwrap())
    }

    pub fn clerk(&self) -> Caseworker {
        grant::caseworker("acme".parse().unwrap(), "carl".parse().unwrap())
    }

    pub fn handler(&self) -> Handler {
        self.clerk().into()
    }

    pub fn dpo(&self, name: &str) -> Dpo {
        grant::dpo("acme".parse().unwrap(), name.parse().unwrap())
    }

    pub fn request(&self, id: &RequestId) -> Request {
        self.app.store.read(&self.system(), |r| r.request(id)).unwrap().unwrap()
    }

    /// One act on the first claim, a second later than the last one.
    pub fn act(&mut self, id: &RequestId, act: ClaimAct) -> Result<Request, FlowError> {
        self.act_with(id, Act::Claim(0, act), Personals::new())
    }

    pub fn act_with(&mut self, id: &RequestId, act: Act, seals: Personals) -> Result<Request, FlowError> {
        self.tick(1);
        let also = Also { seals, ..Also::default() };
        step_request_and(&self.app.store, &self.app.book, id, (act, also), self.now)
    }

    /// One pass of the worker; bounces that the server wrote come back first.
    pub fn work(&mut self) -> Pass {
        self.tick(1);
        let back = self.dir.path().join("back");
        if self.mails().exists() {
            for file in std::fs::read_dir(self.mails()).unwrap() {
                let path = file.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if name.starts_with("bounce") && !back.join("done").join(&name).exists() {
                    std::fs::copy(&path, back.join("new").join(&name)).unwrap();
                }
            }
        }
        schedule::pass(&self.app, &self.system(), &self.post, Some(&back), self.now)
    }
}

/// Words of a letter, to be sealed.
pub fn words(letter: Letter, words: serde_json::Value) -> Personals {
    let field = habeas::flows::send_notice::words_field(0, letter);
    Personals::from([(field, Personal::new(words.to_string()))])
}

/// How often each Message-ID was taken over by the server.
pub fn copies(folder: &Path) -> std::collections::BTreeMap<String, usize> {
    let mut copies = std::collections::BTreeMap::new();
    for text in crate::notify::server::kept(folder, "mail") {
        let id = text.lines().find_map(|l| l.strip_prefix("Message-ID: ")).unwrap().trim().to_owned();
        *copies.entry(id).or_default() += 1;
    }
    copies
}
