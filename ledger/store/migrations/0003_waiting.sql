-- Answers to surveys that are not closed: one encrypted row a survey, so that no row, and no order, is anybody's.
create table {schema}.waiting (
    survey text collate "C" primary key,
    box bytea not null,
    sealed_off boolean not null default false
);

alter table {schema}.waiting alter column box set storage external;

grant select, insert, update on {schema}.waiting to {service};
