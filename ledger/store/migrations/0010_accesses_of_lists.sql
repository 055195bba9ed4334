-- Accesses of lists: one entry for an answer that showed records of several persons.
drop index {schema}.accesses_by_subject;
alter table {schema}.accesses alter column subject drop not null;
alter table {schema}.accesses alter column subject type text[] using array[subject];
alter table {schema}.accesses rename column subject to subjects;
alter table {schema}.accesses alter column subjects set not null;
create index accesses_by_subject on {schema}.accesses using gin (subjects);
