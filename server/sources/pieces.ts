/**
 * Cuts a list into runs whose JSON array has at most `limitBytes` bytes. An item that is too large alone gets a run of
 * its own, and the hub's refusal names it.
 *
 * @param json the text of an item
 */
export function* pieces<Item>(
  items: Iterable<Item>,
  json: (item: Item) => string,
  limitBytes: number,
): Generator<Item[], void> {
  let run: Item[] = [];
  // Two brackets, and a comma behind each item.
  let bytes = 2;
  for (const item of items) {
    const itemBytes = Buffer.byteLength(json(item)) + 1;
    if (run.length > 0 && bytes + itemBytes > limitBytes) {
      yield run;
      run = [];
      bytes = 2;
    }
    run.push(item);
    bytes += itemBytes;
  }
  if (run.length > 0) yield run;
}
