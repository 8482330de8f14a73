import { el, icon } from "./dom.js";

const LONG_ENOUGH_TO_READ = 8000;
const NEWS_MS = 5000;

/** One line at the foot of the page; stays while it has the pointer or the focus. */
export function toast(text, kind = "error") {
  const box = document.getElementById("toasts");
  const node = el("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status", "data-testid": "toast" },
    el("span", {}, text),
    el("button", { type: "button", class: "bare", "aria-label": "Dismiss", on: { click: () => node.remove() } }, icon("close")));
  // Inside an open window, because everything outside of it is inert and hidden from the screen reader.
  ([...document.querySelectorAll("dialog[open]")].at(-1) ?? box).append(node);
  const fade = () => (node.matches(":hover, :focus-within") ? setTimeout(fade, 1500) : node.remove());
  setTimeout(fade, kind === "news" ? NEWS_MS : LONG_ENOUGH_TO_READ);
}

const ONE_GLANCE = 140;

/** An answer for this person alone that came below what they see: the newest one only, and in short. */
export function whisper(text) {
  for (const old of document.querySelectorAll(".toast.news")) old.remove();
  toast(text.length > ONE_GLANCE ? `${text.slice(0, ONE_GLANCE - 1)}…` : text, "news");
}

export function announce(text) {
  document.getElementById("announcer").textContent = text;
}
