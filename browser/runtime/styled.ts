type Styles = Partial<Record<Exclude<keyof CSSStyleDeclaration, number>, string>>;

/** A new `div` with these styles, set one by one: a strict content policy refuses style attributes and sheets. */
export function styledDiv(document: Document, styles: Styles): HTMLDivElement {
  const element = document.createElement('div');
  setStyles(element, styles);
  return element;
}

/** Sets styles; what is not named stays. */
export function setStyles(element: HTMLElement, styles: Styles): void {
  Object.assign(element.style, styles);
}
