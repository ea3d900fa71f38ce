import type { ComponentDefinition } from '@tidewall/browser-contracts';

/** Props of a component, or which one is wrong. */
export type ParsedProps =
  | { readonly fits: true; readonly props: unknown }
  | { readonly fits: false; readonly path: string; readonly message: string };

/** The props a component of this version draws with, made from those that were saved by some version of it. */
export function parseProps(
  definition: ComponentDefinition,
  savedVersion: string,
  saved: Readonly<Record<string, unknown>>,
): ParsedProps {
  let props: Record<string, unknown> = { ...saved };
  for (const { to, migrate } of definition.migrations) {
    if (compareVersions(savedVersion, to) < 0) props = migrate(props);
  }
  const result = definition.props.safeParse(props);
  if (result.success) return { fits: true, props: result.data };
  const issue = result.error.issues[0];
  return {
    fits: false,
    path: ['props', ...(issue?.path ?? [])].map(String).join('.'),
    message: issue?.message ?? '',
  };
}

/** Negative when `a` is the older one; a part that is missing counts as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.'), b.split('.')];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = Number(left[i] ?? 0) - Number(right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
