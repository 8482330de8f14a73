// Every node on the page is made here: text goes in as text, so nothing a message says can become markup.

/** el("p", {class: "x", data: {ts: "1"}, on: {click}}, "text", node…) → Element. Empty children are skipped. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "data") Object.assign(node.dataset, defined(value));
    else if (name === "on") for (const [kind, run] of Object.entries(value)) node.addEventListener(kind, run);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function defined(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null));
}

export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter(Boolean));
  return node;
}

let counter = 0;
export function uniqueId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}

const PATHS = {
  menu: "M3 5h14M3 10h14M3 15h14",
  close: "M5 5l10 10M15 5L5 15",
  more: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  down: "M5.5 8l4.5 4.5L14.5 8",
  reply: "M4 5.5h12v8H9l-3.5 3v-3H4z",
  send: "M3.5 10L16.5 4l-4 12-3-5z",
  mail: "M3 5.5h14v9H3zM3 6l7 5.5L17 6",
  lock: "M5.5 9h9v7h-9zM7.5 9V6.5a2.5 2.5 0 015 0V9",
  home: "M3.5 9.5L10 4l6.5 5.5M5.5 8.5V16h9V8.5",
  back: "M12 4.5L6.5 10l5.5 5.5",
  help: "M7.5 7.6a2.5 2.5 0 113.7 2.2c-.8.5-1.2.9-1.2 1.8M10 14.6h.01",
  clock: "M10 3.2a6.8 6.8 0 100 13.6 6.8 6.8 0 000-13.6zM10 6v4.2l2.7 1.6",
  eye: "M2.5 10S5 5 10 5s7.5 5 7.5 5-2.5 5-7.5 5-7.5-5-7.5-5zM10 8a2 2 0 100 4 2 2 0 000-4",
  clip: "M6 9.5l4.8-4.8a2.4 2.4 0 013.4 3.4L8.4 14a4 4 0 01-5.6-5.6l5-5",
  pen: "M4 16l.8-3.2L13 4.6l2.4 2.4-8.2 8.2z",
};

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export function avatar(user) {
  const words = (user?.real_name || user?.name || "?").split(/\s+/);
  const letters = words.slice(0, 2).map((word) => word[0] ?? "").join("").toUpperCase();
  const shade = [...(user?.id ?? "")].reduce((sum, char) => (sum * 5 + char.codePointAt(0)) % 6, 1);
  return el("span", { class: `avatar shade-${user?.is_bot ? "bot" : shade}`, "aria-hidden": "true" }, letters);
}
