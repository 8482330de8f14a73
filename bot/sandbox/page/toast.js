import { el, icon } from "./dom.js";

const LONG_ENOUGH_TO_READ = 8000;

/** One line at the foot of the page; stays while it has the pointer or the focus. */
export function toast(text, kind = "error") {
  const box = document.getElementById("toasts");
  const node = el("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status", "data-testid": "toast" },
    el("span", {}, text),
    el("button", { type: "button", class: "bare", "aria-label": "Dismiss", on: { click: () => node.remove() } }, icon("close")));
  // Inside an open window, because everything outside of it is inert and hidden from the screen reader.
  ([...document.querySelectorAll("dialog[open]")].at(-1) ?? box).append(node);
  const fade = () => (node.matches(":hover, :focus-within") ? setTimeout(fade, 1500) : node.remove());
  setTimeout(fade, LONG_ENOUGH_TO_READ);
}

export function announce(text) {
  document.getElementById("announcer").textContent = text;
}
