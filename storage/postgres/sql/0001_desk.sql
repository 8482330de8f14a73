-- What the desk remembers. Personal content lies in bytea columns only, sealed under keys of the
-- keyring; what is looked up by is a keyed hash, a state or a time.

create sequence slots start with 2 increment by 64;
create sequence positions;
create sequence sequence_numbers;

-- wrapped null = shredded. A slot has an owner for as long as its key is there.
create table keyring (
    slot bigint primary key,
    life text not null,
    owner text collate "C" not null,
    wrapped bytea
);
create unique index keyring_owner on keyring (life, owner) where wrapped is not null;

-- One row per commit, never changed; changes are sealed sheets. seq rises, with gaps;
-- number counts within a chain without any.
create table journal (
    seq bigint primary key,
    chain text collate "C" not null,
    number bigint not null,
    v integer not null,
    at timestamptz not null,
    actor text not null,
    act text not null,
    case_ref text collate "C",
    prev text not null,
    hash text not null,
    changes bytea[] not null,
    unique (chain, number)
);

create table chains (
    chain text collate "C" primary key,
    head text not null default '',
    lines bigint not null default 0
);

create table cases (
    key text collate "C" primary key,
    rev bigint not null,
    skeleton bytea,
    content bytea,
    slot bigint,
    closed boolean not null,
    due_on date not null,
    received_at timestamptz not null,
    ended_at timestamptz,
    answered boolean not null,
    remind_at timestamptz,
    requester text collate "C",
    messages text[] not null
);
create index cases_open on cases (due_on, key) where not closed;
create index cases_remind on cases (remind_at, key) where remind_at is not null;
create index cases_requester on cases (requester) where requester is not null;
create index cases_messages on cases using gin (messages);
create index cases_received on cases (received_at);
create index cases_ended on cases (ended_at) where closed;
create index cases_unread on cases (key) where closed and answered;

-- The last number given out in each year.
create table case_numbers (
    year integer primary key,
    last bigint not null
);

create table mails (
    key text collate "C" primary key,
    rev bigint not null,
    skeleton bytea,
    content bytea,
    slot bigint,
    status text not null,
    received_at timestamptz not null,
    print text collate "C",
    node text collate "C"
);
create index mails_status on mails (status, key);
create index mails_ignored on mails (received_at) where status = 'ignored';
create index mails_print on mails (print, received_at, key) where print is not null;

-- Sealed raw mail, in pieces that take no process long to send or to read.
create table raws (
    key text collate "C",
    number integer,
    piece bytea not null,
    primary key (key, number)
);
-- ciphertext does not shrink
alter table raws alter column piece set storage external;

create table outbox (
    key text collate "C" primary key,
    rev bigint not null,
    position bigint not null default nextval('positions'),
    content bytea,
    slot bigint,
    status text not null,
    lane text collate "C" not null,
    case_ref text collate "C",
    send_after timestamptz not null,
    attempts integer not null,
    node text collate "C",
    leased_until timestamptz
);
create index outbox_pending on outbox (lane, position) where status = 'pending';
create index outbox_holds on outbox (lane) where status = 'pending' and attempts > 0;
create index outbox_status on outbox (status, position);
create index outbox_case on outbox (case_ref, position) where case_ref is not null;
create index outbox_slot on outbox (slot);

-- Who sends in a lane: one process at a time, and in Slack's lanes one as long as it lives.
create table lanes (
    lane text collate "C" primary key,
    node text collate "C"
);

create table marks (
    key text collate "C" primary key,
    rev bigint not null,
    content bytea,
    slot bigint
);
create index marks_slot on marks (slot);

create table suppressions (
    key text collate "C" primary key,
    rev bigint not null,
    content bytea,
    slot bigint
);

-- The processes that work on this database, and until when each is taken to be alive.
create table nodes (
    node text collate "C" primary key,
    alive_until timestamptz not null
);
