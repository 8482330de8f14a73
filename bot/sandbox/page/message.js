// One message: who, when, blocks or text, and the line that leads to its thread.
import { send, inWords } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { avatar, el, icon } from "./dom.js";
import { clockTime, stamp } from "./dates.js";
import { attachMenu } from "./menu.js";
import { mrkdwn, unescape } from "./mrkdwn.js";
import { toast } from "./toast.js";
import { carry } from "./values.js";
import { repliesTo, tsMs } from "./world.js";

const held = new Map();

function surfaceOf(app, channel, message) {
  const key = `${app.world.me}/${channel}/${message.ts}`;
  held.set(key, carry(message.blocks ?? [], held.get(key)));
  const values = held.get(key);
  return {
    get: (block, action) => values[block]?.[action],
    set: (block, action, value) => { (values[block] ??= {})[action] = value; },
    act: (action, node) => whileBusy(node, async () => {
      const answer = await send("click", { as: app.world.me, channel, ts: message.ts, action, values });
      if (!answer.ok) toast(inWords(answer.error));
    }),
  };
}

/** Slack shows a spinner until the app has answered; the button keeps its focus, so it is not `disabled`. */
export async function whileBusy(node, work) {
  if (node.getAttribute("aria-busy") === "true") return;
  node.setAttribute("aria-busy", "true");
  node.setAttribute("aria-disabled", "true");
  try {
    await work();
  } finally {
    node.removeAttribute("aria-busy");
    node.removeAttribute("aria-disabled");
  }
}

export function authorOf(app, message) {
  const user = app.world.users.get(message.user);
  return user ?? { id: message.user ?? message.bot_id ?? "", real_name: message.username ?? "App", is_bot: Boolean(message.bot_id) };
}

export function messageNode(app, channel, message, { compact = false, inThread = false } = {}) {
  const author = authorOf(app, message);
  const time = el("time", { class: "when", title: stamp(tsMs(message.ts), app.reader.tz) }, clockTime(tsMs(message.ts), app.reader.tz));
  const head = el("div", { class: "message-head" }, el("strong", { class: "author" }, author.real_name),
    author.is_bot ? el("span", { class: "badge" }, "App") : null, time);
  const classes = ["message", compact && "compact", message.ephemeral && "ephemeral", message.tombstone && "tombstone"];
  return el("article", { class: classes.filter(Boolean).join(" "), tabindex: "-1", "data-testid": "message",
    data: { ts: message.ts, user: author.id, ephemeral: message.ephemeral ? "true" : null },
    "aria-label": `${author.real_name}, ${clockTime(tsMs(message.ts), app.reader.tz)}` },
  el("div", { class: "gutter" }, compact ? time : avatar(author)),
  el("div", { class: "message-body" },
    message.ephemeral ? el("div", { class: "only-you" }, icon("eye"), "Only visible to you") : null,
    compact ? null : head, content(app, channel, message),
    inThread || message.ephemeral ? null : threadLine(app, channel, message)),
  message.ephemeral || message.tombstone ? null : shortcuts(app, channel, message));
}

/** What the app adds to the menu of every message. */
function shortcuts(app, channel, message) {
  const more = el("button", { type: "button", class: "bare message-more", "data-testid": "message-more", "aria-label": "Menu of this message" }, icon("more"));
  const items = () => app.world.shortcuts.map((one) => ({ label: one.label, value: one.callback_id }));
  attachMenu(more, items, (item) => whileBusy(more, async () => {
    const answer = await send("shortcut", { as: app.world.me, channel, ts: message.ts, callback_id: item.value });
    if (!answer.ok) toast(inWords(answer.error));
  }));
  return more;
}

function content(app, channel, message) {
  const parts = [];
  if (message.blocks?.length) {
    parts.push(el("div", { class: "blocks" }, renderBlocks(message.blocks, app.reader, surfaceOf(app, channel, message))));
  } else if (message.text) {
    const nodes = message.mrkdwn === false ? [unescape(message.text)] : mrkdwn(message.text, app.reader);
    parts.push(el("div", { class: "text" }, nodes, message.edited ? el("span", { class: "edited" }, " (edited)") : null));
  }
  if (message.files?.length) {
    parts.push(el("ul", { class: "files", "data-testid": "files" }, message.files.map((file) => el("li", {}, icon("clip"), file.name))));
  }
  return parts;
}

function threadLine(app, channel, message) {
  const replies = repliesTo(app.world, channel, message.ts).filter((reply) => !reply.ephemeral);
  const open = () => app.go({ ...app.place, thread: message.ts });
  if (!replies.length) {
    return el("button", { type: "button", class: "reply-quiet", "data-testid": "reply-in-thread", "aria-label": "Start a thread", on: { click: open } },
      icon("reply"), "Thread");
  }
  const words = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
  return el("button", { type: "button", class: "thread-line", "data-testid": "open-thread", on: { click: open } },
    avatar(authorOf(app, replies.at(-1))), el("span", { class: "thread-count" }, words),
    el("span", { class: "when" }, `last at ${stamp(tsMs(replies.at(-1).ts), app.reader.tz)}`));
}
