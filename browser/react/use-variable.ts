import { isJsonObject, type JsonValue } from '@tidewall/base';
import type { Position } from '@tidewall/protocol';
import { variablesTopic } from '@tidewall/screen';
import { useCallback } from 'react';
import { useClient } from './provider.ts';
import { useTopic } from './use-topic.ts';

/**
 * A variable of a screen, shared by all who look at it, and what sets it for everybody: null takes it away. It follows
 * when the server has it. Setting rejects as `publish` does; nothing checks that the variable is a `Value`.
 */
export function useVariable<Value extends JsonValue = JsonValue>(
  screen: string,
  name: string,
): readonly [Value | undefined, (value: Value | null) => Promise<Position>] {
  const client = useClient();
  const { value: variables } = useTopic<JsonValue>(variablesTopic(screen), { kind: 'state' });
  const set = useCallback(
    (value: Value | null) => client.publish(variablesTopic(screen), { [name]: value }, { kind: 'state', op: 'merge' }),
    [client, screen, name],
  );
  const known = isJsonObject(variables) && Object.hasOwn(variables, name);
  return [known ? (variables[name] as Value) : undefined, set];
}
