// What the page knows, as told by the sandbox; no drawing here.

export function newWorld() {
  return { me: "", clock: null, clockAt: 0, desk: null, command: "/privacy", users: new Map(), channels: new Map(),
    messages: new Map(), mailboxes: new Map(), mails: new Map(), stack: [], home: null, shortcuts: [] };
}

const byId = (list) => new Map((list ?? []).map((item) => [item.id, item]));

const APPLY = {
  state(world, event) {
    world.me = event.me?.id ?? event.me;
    world.desk = event.desk;
    world.command = event.command ?? world.command;
    world.users = byId(event.users);
    world.channels = byId(event.channels);
    world.messages = new Map(Object.entries(event.messages ?? {}).map(([id, list]) =>
      [id, new Map(list.map((message) => [message.ts, message]))]));
    world.mailboxes = new Map((event.mailboxes ?? []).map((box) => [box.address, box]));
    world.mails = new Map(Object.entries(event.mails ?? {}));
    world.stack = event.stack ?? [];
    world.home = event.home ?? null;
    world.shortcuts = event.shortcuts ?? [];
    setClock(world, event.clock);
  },
  message(world, { channel, message }) {
    if (!world.messages.has(channel)) world.messages.set(channel, new Map());
    world.messages.get(channel).set(message.ts, message);
  },
  deleted(world, { channel, ts }) {
    const here = world.messages.get(channel);
    const replied = [...(here?.values() ?? [])].some((message) => message.thread_ts === ts && message.ts !== ts);
    if (replied) here.set(ts, { ...here.get(ts), ts, text: "_This message was deleted._", blocks: undefined, tombstone: true });
    else here?.delete(ts);
  },
  home(world, { view }) { world.home = view; },
  views(world, { stack }) { world.stack = stack ?? []; },
  mail(world, { address, name, mail }) {
    const list = world.mails.get(address) ?? [];
    world.mails.set(address, [...list.filter((other) => other.id !== mail.id), mail]);
    const box = world.mailboxes.get(address) ?? { address, name: name ?? "" };
    world.mailboxes.set(address, { ...box, count: world.mails.get(address).length });
  },
  clock(world, { clock }) { setClock(world, clock); },
  desk(world, { desk }) { world.desk = desk; },
  channel(world, { channel }) {
    if (channel.members?.includes(world.me)) world.channels.set(channel.id, channel);
    else world.channels.delete(channel.id);
  },
};

export function apply(world, event) {
  if (Object.hasOwn(APPLY, event.type)) APPLY[event.type](world, event);
}

function setClock(world, clock) {
  if (!clock) return;
  world.clock = clock;
  world.clockAt = Date.now();
}

/** The desk's time in ms: it runs on by itself between two words of the sandbox. */
export function now(world) {
  if (!world.clock) return Date.now();
  return Date.parse(world.clock.now) + Date.now() - world.clockAt;
}

export const tsMs = (ts) => Number(ts) * 1000;
export const byTs = (a, b) => Number(a.ts) - Number(b.ts);

export function isReply(message) {
  return Boolean(message.thread_ts) && message.thread_ts !== message.ts && message.subtype !== "thread_broadcast";
}

export function messagesIn(world, channel) {
  return [...(world.messages.get(channel)?.values() ?? [])].sort(byTs);
}

export function repliesTo(world, channel, ts) {
  return messagesIn(world, channel).filter((message) => message.thread_ts === ts && message.ts !== ts);
}

export function channelName(world, channel) {
  if (!channel?.is_im) return channel?.name ?? "";
  const other = channel.user ?? channel.members?.find((id) => id !== world.me);
  return world.users.get(other === world.me ? channel.members?.find((id) => id !== world.me) : other)?.real_name ?? "Direct message";
}

export function reader(world) {
  return {
    me: world.me,
    get tz() { return world.users.get(world.me)?.tz ?? "UTC"; },
    now: () => now(world),
    user: (id) => world.users.get(id),
    channel: (id) => world.channels.get(id),
    people: () => [...world.users.values()].filter((user) => !user.is_bot),
  };
}
