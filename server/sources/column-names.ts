/** More columns are refused: nobody looks at them, and each is kept in every row. */
export const MAX_COLUMNS = 256;

/**
 * The names of columns, each once: a name that is there already gets a number, `price_2`, and one that is empty is
 * `column3` by its place.
 *
 * @param header the cells of the first line
 */
export function columnNames(header: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  const named = new Set(header.map((cell) => cell.trim()));
  return header.map((cell, index) => {
    const own = cell.trim();
    const wanted = own === '' ? `column${index + 1}` : own;
    let name = wanted;
    // What another column is called by itself stays its own.
    for (let n = 2; taken.has(name) || (name !== own && named.has(name)); n++) name = `${wanted}_${n}`;
    taken.add(name);
    return name;
  });
}
