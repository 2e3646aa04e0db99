//! PostgreSQL: version, durability, and a role that cannot undo what it wrote.

use super::refused;
use crate::store::Error;
use crate::store::connection::Db;

/// Oldest server, as it numbers itself: 15.0.
const OLDEST_SERVER: u32 = 150_000;

/// Settings that decide whether a commit survives a crash, and the values that do.
const DURABLE: [(&str, &[&str]); 4] = [
    ("fsync", &["on"]),
    ("full_page_writes", &["on"]),
    ("synchronous_commit", &["on", "remote_apply"]),
    ("server_encoding", &["UTF8"]),
];

/// What the role may do that it must not, in words; empty when all is well.
const TOO_MUCH: &str = "
SELECT coalesce(string_agg(why, '; '), '') AS answer FROM (
  SELECT 'the role is a superuser, may bypass row security, or may make roles' AS why
    FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls OR rolcreaterole)
  UNION ALL
  SELECT 'the role owns or can become the owner of the table ' || relname
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    AND pg_has_role(current_user, relowner, 'MEMBER')
  UNION ALL
  SELECT 'the role may make tables' WHERE has_schema_privilege(current_user, 'public', 'CREATE')
    OR has_database_privilege(current_user, current_database(), 'CREATE')
  UNION ALL
  SELECT 'the role may change or empty the table ' || t
    FROM unnest(ARRAY['ledger_entries', 'ledger_checkpoints']) AS t
    WHERE has_table_privilege(current_user, t, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
    OR has_any_column_privilege(current_user, t, 'UPDATE')
  UNION ALL
  SELECT 'row security is off for the table ' || c.relname
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organisation'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
  UNION ALL
  SELECT 'the table ' || t || ' lacks a trigger that keeps it append-only'
    FROM unnest(ARRAY['ledger_entries', 'ledger_checkpoints']) AS t
    WHERE (SELECT count(*) FROM pg_trigger WHERE tgrelid = t::regclass AND NOT tgisinternal
      AND tgenabled IN ('O', 'A') AND tgfoid = 'ledger_is_append_only'::regproc) < 3
) AS reasons";

/// Refuses a server that is too old, only a copy, or may forget what it acknowledged.
pub(super) fn check_settings(connection: &mut Db) -> Result<(), Error> {
    let mut ask =
        |question: &str| connection.text(&format!("SELECT current_setting('{question}') AS answer"), "read a setting");
    let version = ask("server_version_num")?;
    if version.parse::<u32>().map_or(true, |v| v < OLDEST_SERVER) {
        let shown = ask("server_version")?;
        return Err(refused(format!("PostgreSQL {shown} is too old; 15 or later is needed")));
    }
    for (setting, good) in DURABLE {
        let found = ask(setting)?;
        if !good.contains(&found.as_str()) {
            let needed = good.join("` or `");
            return Err(refused(format!(
                "the server's `{setting}` is `{found}` for this role and must be `{needed}`; see ALTER SYSTEM and ALTER ROLE"
            )));
        }
    }
    let copy = connection.text("SELECT pg_is_in_recovery()::text AS answer", "ask whether it is a copy")?;
    if copy != "false" {
        return Err(refused("the server is a copy that only reads; give the address of the primary"));
    }
    // Held from here on, whatever the server's file says later.
    let pin = "SELECT set_config('synchronous_commit', current_setting('synchronous_commit'), false) AS answer";
    connection.text(pin, "keep a setting").map(|_| ())
}

/// Refuses a role that could change the ledger or look into another organisation.
pub(super) fn check_rights(connection: &mut Db) -> Result<(), Error> {
    let too_much = connection.text(TOO_MUCH, "look at the role's rights")?;
    if too_much.is_empty() {
        return Ok(());
    }
    Err(refused(format!("{too_much}; the commands that set the roles up stand in docs/store.md")))
}
