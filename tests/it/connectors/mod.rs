mod alerts;
mod crm;
mod mapping;
