/**
 * A style sheet that several components of one document share. The document itself holds it and its count of users,
 * so there is no registry to leak, and a page whose policy forbids inline styles takes it all the same.
 */
class SharedSheet extends CSSStyleSheet {
  readonly name: string;
  users = 0;

  constructor(name: string, css: string) {
    super();
    this.name = name;
    this.replaceSync(css);
  }
}

/** Puts a sheet into the document until the returned function is called by the last of its users. */
export function adoptSheet(document: Document, name: string, css: string): () => void {
  let sheet = document.adoptedStyleSheets.find(
    (adopted): adopted is SharedSheet => adopted instanceof SharedSheet && adopted.name === name,
  );
  if (sheet === undefined) {
    sheet = new SharedSheet(name, css);
    document.adoptedStyleSheets.push(sheet);
  }
  const held = sheet;
  held.users++;
  let released = false;
  return () => {
    if (released) return;
    released = true;
    held.users--;
    if (held.users > 0) return;
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((adopted) => adopted !== held);
  };
}
