// A requester's mailbox: what came in and what went out, and one mail open.
import { el, icon } from "./dom.js";
import { stamp } from "./dates.js";
import { header, mailForm, replyDraft } from "./mailform.js";

export function drawMailbox(app, address, openId) {
  const box = app.world.mailboxes.get(address);
  const mails = [...(app.world.mails.get(address) ?? [])].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const chosen = mails.find((mail) => mail.id === openId);
  return el("div", { class: `mailbox${chosen ? " reading" : ""}` },
    el("div", { class: "mail-list", role: "list", "aria-label": `Mails of ${box?.name || address}` },
      mails.length ? mails.map((mail) => line(app, address, mail, mail === chosen)) : el("p", { class: "empty" }, "No mail yet.")),
    el("div", { class: "mail-read" }, chosen ? letter(app, address, chosen)
      : el("p", { class: "empty" }, mails.length ? "Choose a mail to read it." : "Write the first one: this person has sent nothing.")));
}

function line(app, address, mail, open) {
  const sent = mail.direction === "out";
  return el("div", { role: "listitem" }, el("button", { type: "button", class: `mail-line${open ? " open" : ""}`,
    "data-testid": "mail-line", data: { id: mail.id, direction: mail.direction }, "aria-current": open ? "true" : null,
    on: { click: () => app.go({ kind: "mail", address, id: mail.id }) } },
  el("span", { class: "mail-line-head" }, el("span", { class: `way ${mail.direction}` }, sent ? "Sent" : "Received"),
    el("time", { class: "when" }, stamp(Date.parse(mail.at), app.reader.tz))),
  el("span", { class: "mail-subject" }, mail.subject || "(no subject)"),
  el("span", { class: "mail-snippet" }, sent ? `to ${mail.to}` : `from ${mail.from}`)));
}

function letter(app, address, mail) {
  const reply = () => app.go({ kind: "compose", from: address, reply: mail.id });
  const fact = (name, value) => (value ? [el("dt", {}, name), el("dd", {}, value)] : []);
  return el("article", { class: "letter", "data-testid": "mail-open", "aria-label": mail.subject || "Mail", data: { id: mail.id } },
    el("button", { type: "button", class: "button back-to-list", on: { click: () => app.go({ kind: "mail", address }) } }, icon("back"), "All mails"),
    el("h2", {}, mail.subject || "(no subject)"),
    el("dl", { class: "facts" }, fact("From", mail.from), fact("To", mail.to), fact("Reply-To", header(mail, "Reply-To")),
      fact("At", stamp(Date.parse(mail.at), app.reader.tz)), fact("Sent by", mail.auto ? "a machine (Auto-Submitted)" : "")),
    el("div", { class: "letter-text", "data-testid": "mail-text" }, mail.text || "(no text)"),
    mail.direction === "in" ? el("button", { type: "button", class: "button primary", "data-testid": "mail-reply", on: { click: reply } }, icon("reply"), "Reply") : null,
    el("details", { class: "all-headers" }, el("summary", {}, "All headers"),
      el("pre", { class: "pre" }, (mail.headers ?? []).map(([name, value]) => `${name}: ${value}`).join("\n"))));
}

export function drawCompose(app, place) {
  const mail = place.reply ? (app.world.mails.get(place.from) ?? []).find((one) => one.id === place.reply) : null;
  return mailForm(app, mail ? replyDraft(mail, place.from) : { from: place.from });
}
