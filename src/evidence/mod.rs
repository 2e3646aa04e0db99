//! What is known about the CRM: snapshots, their kinds, their source, time and hash.
