import { isJsonObject, type JsonValue } from '@tidewall/base';
import type { Position } from '@tidewall/protocol';
import { variablesTopic } from '@tidewall/screen';
import { type ComputedRef, computed, type MaybeRefOrGetter, toValue } from 'vue';
import { useClient } from './plugin.ts';
import { useTopic } from './use-topic.ts';

/** A variable of a screen, shared by all who look at it. */
export interface Variable<Value extends JsonValue> {
  /** Undefined while it has none. */
  readonly value: ComputedRef<Value | undefined>;
  /** Sets it for everybody; null takes it away. `value` follows when the server has it. Rejects as `publish` does. */
  set(value: Value | null): Promise<Position>;
}

/** A variable by its name; nothing checks that it is a `Value`. */
export function useVariable<Value extends JsonValue = JsonValue>(
  screen: MaybeRefOrGetter<string>,
  name: MaybeRefOrGetter<string>,
): Variable<Value> {
  const client = useClient();
  const { value: all } = useTopic(() => variablesTopic(toValue(screen)), { kind: 'state' });
  return {
    value: computed(() => {
      const variables = all.value as JsonValue | undefined;
      const known = isJsonObject(variables) && Object.hasOwn(variables, toValue(name));
      return known ? (variables[toValue(name)] as Value) : undefined;
    }),
    set: (value) =>
      client.publish(variablesTopic(toValue(screen)), { [toValue(name)]: value }, { kind: 'state', op: 'merge' }),
  };
}
