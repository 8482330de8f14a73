// Slack's mrkdwn to DOM nodes. <...> sequences are live wherever they stand (verbatim or not), as in Slack: a card
// that lets a stranger's words in here shows its mistake here too.
import { el } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { slackDate } from "./dates.js";

const TAGS = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;
const SAFE_LINK = /^(https?:\/\/|mailto:)/i;
const BARE_LINK = /https?:\/\/[^\s<>|*_~`]+[^\s<>|*_~`.,;:!?)\]}'"]/y;

export function unescape(text) {
  return text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);
}

/** reader = {tz, me, now(), user(id), channel(id)}; returns nodes. */
export function mrkdwn(text, reader, verbatim = false) {
  const nodes = [];
  for (const [index, piece] of text.split(/```([\s\S]+?)```/).entries()) {
    if (index % 2) nodes.push(el("pre", { class: "pre" }, unescape(piece.replace(/^\n|\n$/g, ""))));
    else nodes.push(...quoted(index ? piece.replace(/^\n/, "") : piece, reader, verbatim));
  }
  return nodes;
}

function quoted(text, reader, verbatim) {
  const nodes = [];
  let plain = [];
  let quote = [];
  let rest = false;
  const flush = () => {
    if (quote.length) nodes.push(el("blockquote", { class: "quote" }, inline(quote.join("\n"), reader, verbatim)));
    if (plain.length) nodes.push(...inline(plain.join("\n"), reader, verbatim));
    quote = [];
    plain = [];
  };
  for (const line of text.split("\n")) {
    const mark = rest ? null : /^(&gt;|>)((?:&gt;|>){2})? ?/.exec(line);
    if (mark || rest) {
      if (plain.length) flush();
      rest = rest || Boolean(mark[2]);
      quote.push(mark ? line.slice(mark[0].length) : line);
    } else {
      if (quote.length) flush();
      plain.push(line);
    }
  }
  flush();
  return nodes;
}

function inline(text, reader, verbatim, inside = "") {
  const nodes = [];
  const dead = new Set();
  let literal = "";
  let at = 0;
  const push = (node, end) => {
    if (literal) nodes.push(unescape(literal));
    literal = "";
    nodes.push(node);
    at = end;
  };
  while (at < text.length) {
    const found = atomAt(text, at, reader, verbatim) ?? styledAt(text, at, reader, verbatim, inside, dead);
    if (found) push(found.node, found.end);
    else {
      literal += text[at];
      at += 1;
    }
  }
  if (literal) nodes.push(unescape(literal));
  return nodes;
}

function atomAt(text, at, reader, verbatim) {
  const char = text[at];
  if (char === "<") return angle(text, at, reader);
  if (char === "`") return code(text, at);
  if (char === ":") return emoji(text, at);
  if (char === "h" && !verbatim && !WORD.test(text[at - 1] ?? " ")) return bareLink(text, at);
  return null;
}

function angle(text, at, reader) {
  const end = text.indexOf(">", at);
  if (end < 0) return null;
  const node = sequence(text.slice(at + 1, end), reader);
  return node ? { node, end: end + 1 } : null;
}

function code(text, at) {
  const end = text.indexOf("`", at + 1);
  const inner = text.slice(at + 1, Math.max(end, 0));
  if (end < 0 || !inner || inner.includes("\n")) return null;
  return { node: el("code", { class: "code" }, unescape(inner)), end: end + 1 };
}

function emoji(text, at) {
  const found = /:([a-z0-9_+-]+):/y;
  found.lastIndex = at;
  const match = found.exec(text);
  const picture = match && emojiOf(match[1]);
  return picture ? { node: picture, end: found.lastIndex } : null;
}

function bareLink(text, at) {
  BARE_LINK.lastIndex = at;
  const match = BARE_LINK.exec(text);
  return match ? { node: link(match[0], ""), end: BARE_LINK.lastIndex } : null;
}

function styledAt(text, at, reader, verbatim, inside, dead) {
  const mark = text[at];
  const tag = TAGS[mark];
  // `dead`: no closing mark was found further left, so there is none further right; keeps hostile text linear.
  if (!tag || inside.includes(mark) || dead.has(mark) || WORD.test(text[at - 1] ?? " ")) return null;
  if (/[\s]/.test(text[at + 1] ?? " ") || text[at + 1] === mark) return null;
  const end = closing(text, at, mark);
  if (end < 0) {
    if (text.indexOf("\n", at) < 0) dead.add(mark);
    return null;
  }
  return { node: el(tag, {}, inline(text.slice(at + 1, end), reader, verbatim, inside + mark)), end: end + 1 };
}

function closing(text, at, mark) {
  for (let i = at + 1; i < text.length && text[i] !== "\n"; i += 1) {
    if (text[i] === "<") {
      const close = text.indexOf(">", i);
      if (close > 0) i = close;
    } else if (text[i] === mark && !/\s/.test(text[i - 1]) && !WORD.test(text[i + 1] ?? " ")) return i;
  }
  return -1;
}

function sequence(body, reader) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? "" : unescape(body.slice(bar + 1));
  if (/^@[UW][A-Z0-9]+$/.test(target)) return mention(target.slice(1), reader, label);
  if (/^#C[A-Z0-9]+$/.test(target)) return channelMention(target.slice(1), reader, label);
  if (target.startsWith("!date^")) return dateNode(target, label, reader);
  if (target.startsWith("!")) return broadcast(target.slice(1), label);
  return SAFE_LINK.test(target) ? link(unescape(target), label) : null;
}

export function mention(id, reader, label = "") {
  const user = reader.user(id);
  const own = id === reader.me ? " own" : "";
  return el("span", { class: `mention${own}`, data: { user: id } }, `@${user?.real_name || user?.name || label || id}`);
}

export function channelMention(id, reader, label = "") {
  const channel = reader.channel(id);
  return el("span", { class: "mention", data: { channel: id } }, `#${channel?.name || label || "private-channel"}`);
}

export function broadcast(word, label = "") {
  const [name, group] = word.split("^");
  if (["channel", "here", "everyone"].includes(name)) return el("span", { class: "mention broadcast" }, `@${name}`);
  if (name === "subteam") return el("span", { class: "mention broadcast" }, label || `@${group}`);
  return label ? el("span", {}, label) : null;
}

function dateNode(target, label, reader) {
  const [, seconds, template = "", url] = target.split("^");
  const text = /^-?\d+$/.test(seconds) ? slackDate(Number(seconds), template, reader.tz, reader.now()) : null;
  const shown = text ?? label;
  if (url && SAFE_LINK.test(url)) return link(unescape(url), shown);
  return el("time", { class: "date", title: label || null, datetime: text ? isoOf(seconds) : null }, shown);
}

function isoOf(seconds) {
  return new Date(Number(seconds) * 1000).toISOString();
}

/** A label can lie about where it leads, so the real target is always in the title. */
export function link(url, label) {
  const shown = label || url.replace(/^mailto:/i, "");
  if (!SAFE_LINK.test(url)) return el("span", {}, shown);
  return el("a", { href: url, title: url, target: "_blank", rel: "noopener noreferrer nofollow" }, shown);
}
