/** Whether somebody can see the page. */
export interface PageSight {
  readonly hidden: boolean;
  /** Calls back at each change. Returns what ends this. */
  onChange(changed: () => void): () => void;
}

/** The document's own word for it. */
export function documentSight(document: Document): PageSight {
  return {
    get hidden() {
      return document.hidden;
    },
    onChange(changed) {
      document.addEventListener('visibilitychange', changed);
      return () => document.removeEventListener('visibilitychange', changed);
    },
  };
}
