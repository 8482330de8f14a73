-- The desk that was moved into this database from its files; until done_at is set, half of it is
-- here, and no desk runs on it. `desk` is a keyed hash that tells one desk from another.
create table moves (
    desk text primary key,
    begun_at timestamptz not null default now(),
    done_at timestamptz
);
