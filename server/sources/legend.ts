/** The labels of a series; `__name__` is its name. */
export type Labels = Readonly<Record<string, string>>;

const PLACE = /\{\{\s*([^{}\s]+)\s*\}\}/g;

/** What a series is called: by the template, or by its name and all labels, as Prometheus writes it. */
export function legendOf(labels: Labels, template: string | undefined): string {
  if (template === undefined) return seriesName(labels);
  return template.replace(PLACE, (_, name: string) => (Object.hasOwn(labels, name) ? (labels[name] ?? '') : ''));
}

function seriesName(labels: Labels): string {
  const { __name__: name = '', ...others } = labels;
  const entries = Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return name === '' ? '{}' : name;
  return `${name}{${entries.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(', ')}}`;
}
