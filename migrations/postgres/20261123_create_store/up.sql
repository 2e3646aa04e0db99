-- Requests, their claims, sealed personal values, effects and the ledger. Instants are milliseconds since 1970.
CREATE TABLE requests (
  organisation TEXT NOT NULL,
  id TEXT NOT NULL,
  version BIGINT NOT NULL,
  subject TEXT NOT NULL,
  submission TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  closed BOOLEAN NOT NULL,
  queue TEXT,
  next_action_at BIGINT,
  outcome TEXT,
  state TEXT NOT NULL,
  PRIMARY KEY (organisation, id),
  -- The same submission makes one request (I3).
  UNIQUE (organisation, submission),
  -- Open with a queue and a next action, or closed with an outcome (I2).
  CHECK ((closed AND outcome IS NOT NULL) OR (NOT closed AND queue IS NOT NULL AND next_action_at IS NOT NULL))
);
CREATE INDEX requests_by_next_action ON requests (organisation, closed, next_action_at);

CREATE TABLE claims (
  organisation TEXT NOT NULL,
  request TEXT NOT NULL,
  seq BIGINT NOT NULL,
  claimed_right TEXT NOT NULL,
  regime TEXT NOT NULL,
  stage TEXT NOT NULL,
  level_needed BIGINT NOT NULL,
  level_reached BIGINT NOT NULL,
  overridden BOOLEAN NOT NULL,
  due_at BIGINT,
  PRIMARY KEY (organisation, request, seq),
  FOREIGN KEY (organisation, request) REFERENCES requests (organisation, id),
  -- Nothing is planned, released or done for a person not known well enough (I6, T18), whoever writes.
  CHECK (stage NOT IN ('review', 'approved', 'acting', 'unconfirmed') OR level_reached >= level_needed OR overridden)
);

CREATE TABLE holds (
  organisation TEXT NOT NULL,
  subject TEXT NOT NULL,
  placed_at BIGINT NOT NULL,
  PRIMARY KEY (organisation, subject)
);

CREATE TABLE subject_keys (
  organisation TEXT NOT NULL,
  subject TEXT NOT NULL,
  wrapped BYTEA,
  destroyed_at BIGINT,
  PRIMARY KEY (organisation, subject),
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

CREATE TABLE sealed (
  organisation TEXT NOT NULL,
  request TEXT NOT NULL,
  field TEXT NOT NULL,
  box BYTEA NOT NULL,
  PRIMARY KEY (organisation, request, field),
  FOREIGN KEY (organisation, request) REFERENCES requests (organisation, id)
);

CREATE TABLE outbox (
  organisation TEXT NOT NULL,
  id TEXT NOT NULL,
  request TEXT NOT NULL,
  effect TEXT NOT NULL,
  not_before BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  leased_by TEXT,
  leased_until BIGINT,
  done_at BIGINT,
  PRIMARY KEY (organisation, id),
  FOREIGN KEY (organisation, request) REFERENCES requests (organisation, id)
);
CREATE INDEX outbox_by_time ON outbox (done_at, not_before);

CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only';
END
$$;

CREATE TABLE ledger_entries (
  organisation TEXT NOT NULL,
  seq BIGINT NOT NULL,
  entry BYTEA NOT NULL,
  PRIMARY KEY (organisation, seq)
);
CREATE TRIGGER ledger_entries_keep_update BEFORE UPDATE ON ledger_entries FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_entries_keep_delete BEFORE DELETE ON ledger_entries FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_entries_keep_all BEFORE TRUNCATE ON ledger_entries EXECUTE FUNCTION ledger_is_append_only();

-- The right edge of the tree; can be recomputed from the entries, and is at every start.
CREATE TABLE ledger_heads (
  organisation TEXT NOT NULL PRIMARY KEY,
  size BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  peaks BYTEA NOT NULL
);

CREATE TABLE ledger_checkpoints (
  organisation TEXT NOT NULL,
  size BIGINT NOT NULL,
  signed_at BIGINT NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (organisation, size)
);
CREATE TRIGGER ledger_checkpoints_keep_update BEFORE UPDATE ON ledger_checkpoints FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_checkpoints_keep_delete BEFORE DELETE ON ledger_checkpoints FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_checkpoints_keep_all BEFORE TRUNCATE ON ledger_checkpoints EXECUTE FUNCTION ledger_is_append_only();

-- Row level security (I18): a session sees one organisation, the one it names; without a name it sees nothing.
ALTER TABLE requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE requests FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON requests USING (organisation = current_setting('habeas.organisation', true));
ALTER TABLE claims ENABLE ROW LEVEL SECURITY;
ALTER TABLE claims FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON claims USING (organisation = current_setting('habeas.organisation', true));
ALTER TABLE holds ENABLE ROW LEVEL SECURITY;
ALTER TABLE holds FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON holds USING (organisation = current_setting('habeas.organisation', true));
ALTER TABLE subject_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE subject_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON subject_keys USING (organisation = current_setting('habeas.organisation', true));
ALTER TABLE sealed ENABLE ROW LEVEL SECURITY;
ALTER TABLE sealed FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON sealed USING (organisation = current_setting('habeas.organisation', true));
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON outbox USING (organisation = current_setting('habeas.organisation', true));
ALTER TABLE ledger_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON ledger_entries USING (organisation = current_setting('habeas.organisation', true));
ALTER TABLE ledger_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_heads FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON ledger_heads USING (organisation = current_setting('habeas.organisation', true));
ALTER TABLE ledger_checkpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_checkpoints FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON ledger_checkpoints USING (organisation = current_setting('habeas.organisation', true));

-- At its start the program lists the organisations to check the ledger of each; their heads hold nothing else.
CREATE POLICY listing ON ledger_heads FOR SELECT USING (current_setting('habeas.listing', true) = 'on');

-- The program's own role has no right to change the ledger, over and above the triggers.
GRANT SELECT ON migrations TO habeas_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON requests, claims, holds, subject_keys, sealed, outbox TO habeas_app;
GRANT SELECT, INSERT, UPDATE ON ledger_heads TO habeas_app;
GRANT SELECT, INSERT ON ledger_entries, ledger_checkpoints TO habeas_app;
