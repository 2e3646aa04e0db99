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
  wrapped BLOB,
  destroyed_at BIGINT,
  PRIMARY KEY (organisation, subject),
  CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

CREATE TABLE sealed (
  organisation TEXT NOT NULL,
  request TEXT NOT NULL,
  field TEXT NOT NULL,
  box BLOB NOT NULL,
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

CREATE TABLE ledger_entries (
  organisation TEXT NOT NULL,
  seq BIGINT NOT NULL,
  entry BLOB NOT NULL,
  PRIMARY KEY (organisation, seq)
);
CREATE TRIGGER ledger_entries_keep_update BEFORE UPDATE ON ledger_entries BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER ledger_entries_keep_delete BEFORE DELETE ON ledger_entries BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only');
END;

-- The right edge of the tree; can be recomputed from the entries, and is at every start.
CREATE TABLE ledger_heads (
  organisation TEXT NOT NULL PRIMARY KEY,
  size BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  peaks BLOB NOT NULL
);

CREATE TABLE ledger_checkpoints (
  organisation TEXT NOT NULL,
  size BIGINT NOT NULL,
  signed_at BIGINT NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (organisation, size)
);
CREATE TRIGGER ledger_checkpoints_keep_update BEFORE UPDATE ON ledger_checkpoints BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only');
END;
CREATE TRIGGER ledger_checkpoints_keep_delete BEFORE DELETE ON ledger_checkpoints BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only');
END;
