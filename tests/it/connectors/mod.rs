mod alerts;
mod crm;
