// Block Kit to DOM nodes, for messages and views alike.
import { el, uniqueId } from "./dom.js";
import { chart } from "./chart.js";
import { button, overflow, staticSelect, usersSelect } from "./controls.js";
import { checkboxes, datePicker, radios, textInput } from "./fields.js";
import { richText } from "./richtext.js";
import { plain, textBlock } from "./text.js";
import { blockId } from "./values.js";

const ELEMENTS = {
  button, overflow, static_select: staticSelect, users_select: usersSelect, radio_buttons: radios, checkboxes,
  datepicker: datePicker, plain_text_input: textInput, email_text_input: textInput, url_text_input: textInput,
  number_input: textInput, image: (element) => picture(element),
};

const BLOCKS = {
  header: (block, where) => el("h3", { class: "block-header text" }, textBlock(block.text, where.reader, "span")),
  divider: () => el("hr", { class: "divider" }),
  section, context, actions, input,
  image: (block) => el("figure", { class: "figure" }, picture(block), block.title ? el("figcaption", {}, plain(block.title)) : null),
  rich_text: (block, where) => richText(block, where.reader),
  data_visualization: (block) => chart(block),
};

/** Nodes of `blocks`; errors = {block_id: text} are shown under their inputs. */
export function renderBlocks(blocks, reader, surface, errors = {}) {
  return blocks.map((block, index) => {
    const id = blockId(block, index);
    const where = { reader, surface, block: id, error: errors[id], dispatch: true };
    const make = Object.hasOwn(BLOCKS, block.type) ? BLOCKS[block.type] : unknown;
    return el("div", { class: `block block-${block.type}`, "data-block-id": id }, make(block, where));
  });
}

function unknown(block) {
  return el("p", { class: "unknown" }, `A “${block.type}” block: not drawn by this sandbox.`);
}

function element(spec, where) {
  const make = Object.hasOwn(ELEMENTS, spec?.type ?? "") ? ELEMENTS[spec.type] : unknown;
  return make(spec, where);
}

function section(block, where) {
  const fields = block.fields?.map((field) => textBlock(field, where.reader));
  return el("div", { class: "section" },
    el("div", { class: "section-main" }, block.text ? textBlock(block.text, where.reader) : null,
      fields ? el("div", { class: "fields" }, fields) : null),
    block.accessory ? el("div", { class: "accessory" }, element(block.accessory, where)) : null);
}

function context(block, where) {
  const parts = block.elements.map((part) => (part.type === "image" ? picture(part) : textBlock(part, where.reader, "span")));
  return el("div", { class: "context" }, parts);
}

function actions(block, where) {
  return el("div", { class: "actions" }, block.elements.map((spec) => element(spec, where)));
}

/** The page loads nothing from elsewhere, so a picture from outside is shown as what it says. */
function picture(spec) {
  const alt = spec.alt_text ?? "";
  if (!spec.image_url || new URL(spec.image_url, location.href).origin !== location.origin) {
    return el("span", { class: "picture", role: "img", "aria-label": alt, title: alt }, alt);
  }
  return el("img", { class: "picture", src: spec.image_url, alt });
}

function input(block, where) {
  const ids = { label: uniqueId("label"), hint: uniqueId("hint"), error: uniqueId("error") };
  const described = [block.hint ? ids.hint : "", where.error ? ids.error : ""].filter(Boolean).join(" ");
  const inner = { ...where, label: ids.label, describedBy: described || null, dispatch: block.dispatch_action === true };
  const control = element(block.element, inner);
  const target = control.matches("[data-action-id]") ? control : control.querySelector("[data-action-id]");
  if (where.error) target?.setAttribute("aria-invalid", "true");
  if (!block.optional) target?.setAttribute("aria-required", "true");
  return el("div", { class: `input${where.error ? " wrong" : ""}` },
    el("div", { class: "label", id: ids.label, on: { click: () => target?.focus() } }, plain(block.label),
      block.optional ? el("span", { class: "optional" }, " (optional)") : null),
    control,
    where.error ? el("p", { class: "error", id: ids.error, role: "alert", "data-testid": "block-error" }, where.error) : null,
    block.hint ? el("p", { class: "hint", id: ids.hint }, plain(block.hint)) : null);
}

