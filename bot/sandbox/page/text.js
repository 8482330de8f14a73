// Text objects: {type: "plain_text" | "mrkdwn", text, emoji?, verbatim?}.
import { el } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { mrkdwn, unescape } from "./mrkdwn.js";

/** plain_text is literal: only :names: become pictures, and only where `emoji` is not switched off. */
export function plain(object) {
  if (!object) return "";
  if (typeof object === "string") return object;
  return object.emoji === false ? object.text : withEmoji(object.text ?? "");
}

export function textNodes(object, reader) {
  if (object?.type === "mrkdwn") return mrkdwn(object.text ?? "", reader, object.verbatim === true);
  return [plain(object)];
}

export function textBlock(object, reader, name = "div") {
  return el(name, { class: `text ${object?.type ?? ""}` }, textNodes(object, reader));
}

/** One line for the screen reader and lists: mrkdwn with its marks taken out. */
export function summary(text, reader) {
  return unescape(el("span", {}, mrkdwn(text ?? "", reader)).textContent).replace(/\s+/g, " ").trim();
}
