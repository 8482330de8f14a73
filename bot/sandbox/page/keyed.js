// Draws a list again without touching what did not change, so focus, open menus and scrolling stay.

/** items: [{key, deps: [...], make()}]; a node is made anew only when one of its deps is another value. */
export function keyed(container, items) {
  const old = new Map([...container.children].map((node) => [node.keyOf, node]));
  const focused = container.contains(document.activeElement) ? focusOf(document.activeElement) : null;
  const nodes = items.map((item) => {
    const node = old.get(item.key);
    if (node && same(node.depsOf, item.deps)) return node;
    const fresh = item.make();
    fresh.keyOf = item.key;
    fresh.depsOf = item.deps;
    return fresh;
  });
  const wanted = new Set(nodes);
  for (const node of [...container.children]) if (!wanted.has(node)) node.remove();
  for (const [index, node] of nodes.entries()) {
    if (container.children[index] !== node) container.insertBefore(node, container.children[index] ?? null);
  }
  if (focused && !container.contains(document.activeElement)) giveBack(container, focused);
}

function same(a, b) {
  return a?.length === b.length && a.every((value, index) => value === b[index]);
}

function focusOf(node) {
  return { key: node.closest("[data-ts]")?.dataset.ts, action: node.closest("[data-action-id]")?.dataset.actionId };
}

/** A click often redraws the card it came from: the keyboard stays on that card, on the same button if there still is one. */
function giveBack(container, { key, action }) {
  const card = key && container.querySelector(`[data-ts="${CSS.escape(key)}"]`);
  const button = card && action && card.querySelector(`[data-action-id="${CSS.escape(action)}"]`);
  (button || card)?.focus({ preventScroll: true });
}
