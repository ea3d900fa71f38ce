/** One row of a table, which stands for an item of a list. */
export interface Row<Item> {
  readonly element: HTMLElement;
  /** Shows the item as it is now. */
  update(item: Item): void;
}

/**
 * Shows a list as rows that are kept by key and changed in place, so that what a reader has selected or focused in one
 * that stays is not taken away.
 */
export function createKeyedRows<Item>(
  parent: HTMLElement,
  keyOf: (item: Item) => string,
  create: (item: Item) => Row<Item>,
): (items: readonly Item[]) => void {
  let rows = new Map<string, Row<Item>>();
  return (items) => {
    const next = new Map<string, Row<Item>>();
    for (const item of items) {
      const row = rows.get(keyOf(item)) ?? create(item);
      next.set(keyOf(item), row);
      row.update(item);
    }
    for (const [key, { element }] of rows) if (!next.has(key)) element.remove();
    rows = next;
    // Only what is out of place is moved: moving an element takes its focus.
    let at = parent.firstElementChild;
    for (const { element } of next.values()) {
      if (element === at) at = at.nextElementSibling;
      else parent.insertBefore(element, at);
    }
  };
}

/** Writes a text where it is another one: writing the same again would drop a selection in it. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
