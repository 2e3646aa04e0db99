-- What became of each letter: one row per effect that asked for one, so that a restart knows where it was (T57).
CREATE TABLE notices (
  organisation TEXT NOT NULL,
  id TEXT NOT NULL,
  request TEXT NOT NULL,
  claim BIGINT NOT NULL,
  letter TEXT NOT NULL,
  delivery TEXT NOT NULL,
  -- When time alone changes something next; nothing when it never does.
  next_at BIGINT,
  PRIMARY KEY (organisation, id),
  FOREIGN KEY (organisation, request) REFERENCES requests (organisation, id)
);
CREATE INDEX notices_by_time ON notices (organisation, next_at);
CREATE INDEX notices_by_request ON notices (organisation, request);

ALTER TABLE notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE notices FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON notices USING (organisation = current_setting('habeas.organisation', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON notices TO habeas_app;
