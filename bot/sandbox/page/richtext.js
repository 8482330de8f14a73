// rich_text: its "text" elements are literal, mentions have element types of their own.
import { el } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { slackDate } from "./dates.js";
import { broadcast, channelMention, link, mention } from "./mrkdwn.js";

const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

export function richText(block, reader) {
  return el("div", { class: "rich" }, (block.elements ?? []).map((part) => partNode(part, reader)));
}

function partNode(part, reader) {
  const inside = () => (part.elements ?? []).map((piece) => pieceNode(piece, reader));
  if (part.type === "rich_text_section") return el("div", { class: "text" }, inside());
  if (part.type === "rich_text_quote") return el("blockquote", { class: "quote text" }, inside());
  if (part.type === "rich_text_preformatted") return el("pre", { class: "pre" }, inside());
  if (part.type !== "rich_text_list") return null;
  const rows = (part.elements ?? []).map((row) => el("li", {}, partNode(row, reader)));
  return el(part.style === "ordered" ? "ol" : "ul", { class: `rich-list indent-${Math.min(part.indent ?? 0, 5)}`,
    start: part.style === "ordered" && part.offset ? part.offset + 1 : null }, rows);
}

function pieceNode(piece, reader) {
  let node = bareNode(piece, reader);
  for (const [style, tag] of Object.entries(STYLES)) {
    if (piece.style?.[style]) node = el(tag, { class: tag === "code" ? "code" : null }, node);
  }
  return node;
}

function bareNode(piece, reader) {
  const makers = {
    text: () => piece.text ?? "",
    link: () => link(piece.url ?? "", piece.text),
    user: () => mention(piece.user_id, reader),
    channel: () => channelMention(piece.channel_id, reader),
    usergroup: () => broadcast(`subteam^${piece.usergroup_id}`),
    broadcast: () => broadcast(piece.range),
    emoji: () => emojiOf(piece.name) ?? `:${piece.name}:`,
    date: () => dateNode(piece, reader),
    color: () => piece.value,
  };
  return Object.hasOwn(makers, piece.type) ? makers[piece.type]() : "";
}

function dateNode(piece, reader) {
  const text = slackDate(Number(piece.timestamp), piece.format ?? "", piece.timezone || reader.tz, reader.now());
  return el("time", { class: "date" }, text ?? piece.fallback ?? "");
}
