-- Purging: an erasure takes away the refused attempts that name its subject. The service can't change them by itself; it
-- can let those go that name whoever has a tombstone, and no others.
create function {schema}.forget_refused() returns bigint
language sql security definer set search_path = pg_catalog, pg_temp as $$
    with gone as (
        delete from {schema}.refused r using {schema}.tombstones t
        where r.id = t.subject or (split_part(t.subject, '/', 2) = r.id and r.kind in (
            'person', 'candidate', 'access', 'onboarding', 'probation', 'policy-reading'))
        returning 1)
    select count(*) from gone
$$;

revoke execute on function {schema}.forget_refused() from public;
grant execute on function {schema}.forget_refused() to {service};
