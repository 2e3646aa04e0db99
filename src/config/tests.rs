//! Settings as people write them, rightly and wrongly.

use super::*;

const GOOD: &str = "[organisation]\nid = \"acme\"\nname = \"Acme\"\nemail = \"p@acme.example\"\ndpo = \"d@acme.example\"\nplace = \"DE\"\n";

fn load(text: &str) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(FILE);
    std::fs::write(&file, text).unwrap();
    Config::load(&file)
}

#[test]
fn what_is_left_out_has_a_default_and_paths_start_at_the_file() {
    let config = load(GOOD).unwrap();
    assert_eq!(config.schedule.warn_days, 7);
    assert_eq!(config.path("keys/master.key"), config.folder.join("keys/master.key"));
    assert_eq!((config.mail_from(), config.mail_domain()), ("p@acme.example", "acme.example"));
    Config::for_tests(Path::new("/x")).check().unwrap();
}

#[test]
fn each_mistake_is_named_with_its_place() {
    for (more, said) in [
        ("[mial]\nhost = \"x\"\n", "line 7"),
        ("[mail]\nhots = \"x\"\n", "unknown field `hots`"),
        ("[mail]\nport = \"x\"\n", "line 8"),
        ("[mail]\nline = \"ssl\"\n", "[mail] line: `ssl` is none of starttls, tls, plain"),
        ("[mail]\nlogin = \"x\"\n", "[mail] password_file: a login needs"),
        ("[mail]\nfrom = \"x\"\n", "[mail] from: `x` is not a mail address"),
        ("[schedule]\nwarn_days = 61\n", "[schedule] warn_days: `61` lies outside 0 to 60"),
        ("[agents.keys]\na = \"00\"\n", "[agents] keys: the key of `a`"),
    ] {
        let error = load(&format!("{GOOD}{more}")).unwrap_err().to_string();
        assert!(error.contains(said), "{more}: {error}");
    }
    for (key, said) in [("Acme", "[organisation] name: is missing"), ("p@acme.example", "[organisation] email: ``")] {
        let error = load(&GOOD.replace(key, "")).unwrap_err().to_string();
        assert!(error.contains(said), "{key}: {error}");
    }
    let gone = Config::load(Path::new("/nowhere/habeas.toml")).unwrap_err().to_string();
    assert!(gone.contains("habeas requests init"), "{gone}");
}

#[test]
fn staff_prove_themselves_by_their_own_key_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (dora, carl) = ("dora".parse().unwrap(), "carl".parse().unwrap());
    let key = |name: &str| dir.path().join(format!("{name}.key"));
    staff::Register::add(dir.path(), &dora, staff::Role::Dpo, &key("dora")).unwrap();
    staff::Register::add(dir.path(), &carl, staff::Role::Caseworker, &key("carl")).unwrap();
    let register = staff::Register::load(dir.path()).unwrap();
    assert_eq!(register.prove(&dora, &key("dora")).unwrap(), staff::Role::Dpo);
    assert!(matches!(register.prove(&dora, &key("carl")), Err(staff::StaffError::WrongKey(_))));
    assert!(matches!(register.prove(&"x".parse().unwrap(), &key("carl")), Err(staff::StaffError::Unknown(_))));
    assert!(matches!(
        staff::Register::add(dir.path(), &dora, staff::Role::Dpo, &key("other")),
        Err(staff::StaffError::Id(_))
    ));
    let written = std::fs::read_to_string(dir.path().join(staff::FILE)).unwrap();
    let secret = std::fs::read_to_string(key("dora")).unwrap();
    assert!(!written.contains(secret.trim()));
}
