import type { Screen } from './schema.ts';
import { isValue, own, topicPatternWith, type VariableValue, type VariableValues } from './topic-template.ts';
import { elementTopic, variablesTopic } from './topics.ts';

/** Patterns of all topics that whoever looks at a screen reads, where these values are fixed. */
export function topicsOfScreen(screen: Screen, fixed: VariableValues): readonly string[] {
  const topics = Object.entries(screen.elements).flatMap(
    ([
      id,
      {
        data: { binding },
      },
    ]) => {
      if (binding?.type === 'static') return [];
      return [binding === undefined ? elementTopic(screen.id, id) : topicPatternWith(binding.topic, fixed)];
    },
  );
  return [...new Set([...topics, variablesTopic(screen.id)])];
}

/**
 * The values of a screen's variables: what is fixed, else what was pushed, else what the address says, else the default.
 * Nothing that the screen does not declare, and of a pushed list nothing.
 */
export function variableValues(
  screen: Screen,
  from: {
    readonly fixed: VariableValues;
    readonly pushed: Readonly<Record<string, unknown>>;
    readonly address: Readonly<Record<string, unknown>>;
  },
): VariableValues {
  const values: Record<string, VariableValue> = {};
  for (const [name, { default: standard }] of Object.entries(screen.variables)) {
    const all = [own(from.fixed, name), own(from.pushed, name), own(from.address, name), standard];
    const value = all.find(isValue);
    if (value !== undefined) values[name] = value;
  }
  return values;
}
