mod alerts;
mod crm;
mod mapped_logs;
mod mapping;
