// One pop-up list for overflow menus and selects: arrow keys, Home, End, letters, Enter, Escape.
import { el, icon } from "./dom.js";

/** items: [{label, description?, group?, selected?, value?}]; pick(item). */
export function attachMenu(anchor, items, pick, role = "menu") {
  let wasOpen = false;
  anchor.setAttribute("aria-haspopup", role);
  anchor.setAttribute("aria-expanded", "false");
  // A press on the open list's own button has closed it by the time the click comes: do not open it again.
  anchor.addEventListener("pointerdown", () => { wasOpen = anchor.getAttribute("aria-expanded") === "true"; });
  anchor.addEventListener("click", () => {
    if (!wasOpen) open(anchor, items(), pick, role);
    wasOpen = false;
  });
  anchor.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    open(anchor, items(), pick, role);
  });
}

function open(anchor, items, pick, role) {
  if (anchor.getAttribute("aria-disabled") === "true" || anchor.getAttribute("aria-expanded") === "true") return;
  const list = el("div", { class: "menu", role, popover: "auto", tabindex: "-1", "data-testid": "menu",
    "aria-label": anchor.getAttribute("aria-label") || anchor.textContent });
  let group;
  for (const item of items) {
    if (item.group && item.group !== group) list.append(el("div", { class: "menu-group" }, item.group));
    group = item.group;
    list.append(row(item, role, () => { list.hidePopover(); pick(item); }));
  }
  list.addEventListener("keydown", (event) => steer(event, list));
  list.addEventListener("toggle", (event) => { if (event.newState === "closed") closed(list, anchor); });
  (anchor.closest("dialog") ?? document.body).append(list);
  anchor.setAttribute("aria-expanded", "true");
  list.showPopover();
  place(list, anchor);
  (list.querySelector("[aria-selected=true]") ?? list.querySelector("[data-item]") ?? list).focus();
}

function row(item, role, choose) {
  const option = role === "listbox";
  return el("div", {
    class: "menu-item", role: option ? "option" : "menuitem", tabindex: "-1", "data-item": true,
    data: { value: item.value }, "aria-selected": option ? String(Boolean(item.selected)) : null,
    on: { click: choose, pointermove: (event) => event.currentTarget.focus({ preventScroll: true }) },
  }, el("span", { class: "menu-label" }, item.label),
  item.description ? el("span", { class: "menu-note" }, item.description) : null);
}

function closed(list, anchor) {
  const inside = list.contains(document.activeElement) || document.activeElement === document.body;
  list.remove();
  anchor.setAttribute("aria-expanded", "false");
  if (inside && anchor.isConnected) anchor.focus();
}

function place(list, anchor) {
  const from = anchor.getBoundingClientRect();
  const size = list.getBoundingClientRect();
  const below = window.innerHeight - from.bottom;
  const top = below >= Math.min(size.height, 240) || below > from.top ? from.bottom + 4 : from.top - size.height - 4;
  list.style.minWidth = `${Math.min(from.width, 320)}px`;
  list.style.maxHeight = `${Math.max(120, (top > from.top ? below : from.top) - 16)}px`;
  list.style.top = `${Math.max(8, top)}px`;
  list.style.left = `${Math.max(8, Math.min(from.left, window.innerWidth - size.width - 8))}px`;
}

function steer(event, list) {
  const rows = [...list.querySelectorAll("[data-item]")];
  const at = rows.indexOf(document.activeElement);
  const moves = { ArrowDown: at + 1, ArrowUp: at < 0 ? rows.length - 1 : at - 1, Home: 0, End: rows.length - 1 };
  if (event.key in moves) rows[(moves[event.key] + rows.length) % rows.length]?.focus();
  else if (event.key === "Escape" || event.key === "Tab") list.hidePopover();
  else if (event.key === "Enter" || event.key === " ") document.activeElement.click();
  else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) jump(rows, at, event.key);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function jump(rows, at, letter) {
  const order = [...rows.slice(at + 1), ...rows.slice(0, at + 1)];
  order.find((item) => item.textContent.trim().toLowerCase().startsWith(letter.toLowerCase()))?.focus();
}

export function selectButton(props, label) {
  return el("button", { type: "button", ...props, class: "select" }, el("span", { class: "select-label" }, label), icon("down"));
}
