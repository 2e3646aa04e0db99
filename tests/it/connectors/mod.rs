mod crm;
