-- Where the wrapped data keys of one ledger stand: apart from its events, in a schema or a database of their own.

create schema {keys};

-- One random key per data subject and retention class, wrapped by the key-encryption key of an epoch.
create table {keys}.data_keys (
    subject text collate "C" not null,
    retention text collate "C" not null,
    epoch integer not null,
    wrapped bytea not null,
    constraint data_keys_key primary key (subject, retention)
);

create index data_keys_by_epoch on {keys}.data_keys (epoch);

grant usage on schema {keys} to {service};
grant select, insert, update, delete on {keys}.data_keys to {service};
