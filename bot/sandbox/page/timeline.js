// A channel's messages with day lines, and a thread's.
import { el } from "./dom.js";
import { dayLabel, sameDay } from "./dates.js";
import { keyed } from "./keyed.js";
import { messageNode } from "./message.js";
import { isReply, messagesIn, repliesTo, tsMs } from "./world.js";

const AT_ONCE = 150;
const TOGETHER_MS = 5 * 60_000;

export function drawTimeline(app, box, channel) {
  const all = messagesIn(app.world, channel).filter((message) => !isReply(message));
  const from = app.earlier.has(channel) ? 0 : Math.max(0, all.length - AT_ONCE);
  const items = from ? [earlier(app, channel, from)] : [];
  items.push(...rows(app, channel, all.slice(from)));
  if (!items.length) items.push(nothing(app, channel));
  pinned(box, channel, () => keyed(box, items));
}

export function drawThread(app, box, channel, ts) {
  const parent = app.world.messages.get(channel)?.get(ts);
  const list = [parent, ...repliesTo(app.world, channel, ts)].filter(Boolean);
  const today = dayLabel(app.reader.now(), "UTC", 0);
  const items = list.map((message, index) => ({ key: message.ts, deps: [message, app.world.me, today, app.reader.tz],
    make: () => messageNode(app, channel, message, { inThread: true, compact: index > 1 && follows(list[index - 1], message) }) }));
  pinned(box, `${channel}/${ts}`, () => keyed(box, items));
}

function rows(app, channel, list) {
  const { tz } = app.reader;
  const now = app.reader.now();
  const today = dayLabel(now, tz, 0);
  return list.flatMap((message, index) => {
    const before = list[index - 1];
    const newDay = !before || !sameDay(tsMs(before.ts), tsMs(message.ts), tz);
    const compact = !newDay && follows(before, message);
    const replies = repliesTo(app.world, channel, message.ts);
    const item = { key: message.ts, deps: [message, compact, replies.length, replies.at(-1)?.ts, app.world.me, today, tz],
      make: () => messageNode(app, channel, message, { compact }) };
    return newDay ? [dayLine(message, tz, now), item] : [item];
  });
}

function follows(before, message) {
  return before.user === message.user && !before.ephemeral === !message.ephemeral && !message.blocks && !before.blocks
    && tsMs(message.ts) - tsMs(before.ts) < TOGETHER_MS;
}

function dayLine(message, tz, now) {
  const label = dayLabel(tsMs(message.ts), tz, now);
  return { key: `day-${message.ts}`, deps: [label],
    make: () => el("div", { class: "day", role: "separator", "aria-label": label }, el("span", {}, label)) };
}

function earlier(app, channel, count) {
  const show = () => {
    app.earlier.add(channel);
    app.draw();
  };
  return { key: "earlier", deps: [count],
    make: () => el("button", { type: "button", class: "button earlier", on: { click: show } }, `Show ${count} earlier messages`) };
}

function nothing(app, channel) {
  const outsider = app.world.users.get(app.world.me)?.role === "outsider";
  let words = "Nothing here yet. Write a mail as a requester and the desk puts a card here.";
  if (outsider) words = `Somebody without a role sees no cards. Try ${app.world.command} below to see what the desk says.`;
  else if (app.world.channels.get(channel)?.is_im) words = "Nothing here yet. What concerns this person alone comes here.";
  return { key: "nothing", deps: [words], make: () => el("p", { class: "empty" }, words) };
}

/** Stays at the newest message when the reader was there; a place shown for the first time starts at the newest. */
function pinned(box, place, draw) {
  const fresh = box.dataset.place !== place;
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  if (fresh) box.replaceChildren();
  box.dataset.place = place;
  draw();
  if (fresh || atEnd) box.scrollTop = box.scrollHeight;
}
