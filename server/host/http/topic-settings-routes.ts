import { isJsonObject } from '@tidewall/base';
import type { Principal } from '@tidewall/contracts';
import { parseTopicName, TidewallError, type TopicName } from '@tidewall/protocol';
import { z } from 'zod';
import type { TopicSettingsList, TopicSettingsRow } from '../topics/topic-settings-list.ts';
import { topicSettingsFields, topicSettingsSchema } from '../topics/topic-settings-schema.ts';
import type { ChangeOptions } from '../topics/topic-settings-store.ts';
import type { ApiContext } from './api-context.ts';
import { parseJsonBytes } from './json-text.ts';
import { type BoundRoute, check, defineRoute, jsonAnswer } from './route.ts';

const { pattern: patternField, ...saidFields } = topicSettingsFields;

const rowSchema = z.object({
  ...topicSettingsFields,
  from: z.enum(['api', 'file', 'screen']).describe('where this is said; `screen`: the topic is that of an element'),
});

const patternParams = z.strictObject({
  pattern: patternField.describe('with its slashes and `+`; `#` is written `%23`, as in every address'),
});
const reset = z
  .enum(['true', 'false'])
  .optional()
  .describe('whether topics may start again, empty, when their kind or key changes');
const restarted = z.array(z.string()).describe('topics that started again, empty; at most 100 are named');

/** What is said of topics, by pattern. */
export function topicSettingsRoutes(context: ApiContext): BoundRoute[] {
  return [listSettings(context), putSettings(context), deleteSettings(context)];
}

function listSettings({ topicSettings, elements }: ApiContext): BoundRoute {
  return defineRoute({
    method: 'GET',
    path: '/api/topic-settings',
    summary: 'List what is said of topics, by pattern',
    description:
      'In the order in which it counts: what was said through the API, then what the file says. Of a topic the first ' +
      'pattern that matches counts alone; where none does, its first publication says what it is. What a source feeds ' +
      'has the kind and the key that its source gives it.',
    params: z.strictObject({}),
    needs: () => ({ thing: 'server', action: 'see', name: 'topic-settings' }),
    query: z.strictObject({
      topic: z.string().optional().describe('only what matches this topic: the first of the answer is what counts'),
    }),
    answer: {
      description: 'What is said, what counts first',
      contentType: 'application/json',
      schema: z.object({ settings: z.array(rowSchema) }),
    },
    errors: [],
    async handle({ query }) {
      if (query.topic === undefined) return jsonAnswer({ settings: topicSettings.list.rows.map(shownRow) });
      const topic = parseTopicName(query.topic);
      const given = elements.settingsOf(topic);
      const rows = topicSettings.list.matching(topic).map(shownRow);
      const first = given === undefined ? [] : [{ pattern: topic, kind: given.kind, from: 'screen' }];
      return jsonAnswer({ settings: [...first, ...rows] });
    },
  });
}

function putSettings(context: ApiContext): BoundRoute {
  return defineRoute({
    method: 'PUT',
    path: '/api/topic-settings/{pattern}',
    summary: 'Say what the topics of a pattern are',
    description:
      'In the place of what the API said of that pattern before, else before everything else that was said. Takes ' +
      'effect at once, and survives a restart. Topics that would be of another kind, or have another key, and hold ' +
      'something, refuse the change unless `reset` is true.',
    params: patternParams,
    needs: () => ({ thing: 'server', action: 'edit', name: 'topic-settings' }),
    query: z.strictObject({
      at: z.coerce.number().int().min(0).optional().describe('its place among what the API says; 0 counts first'),
      reset,
    }),
    body: {
      contentType: 'application/json',
      description: 'what is said; as in the file, without the pattern',
      schema: z.strictObject(saidFields),
      read: 'whole',
      maxBytes: context.http.bodyBytes,
      limitName: 'http.bodyBytes',
    },
    answer: {
      description: 'What is said now',
      contentType: 'application/json',
      schema: rowSchema.extend({ restarted }),
    },
    errors: ['conflict', 'limit_exceeded', 'storage_full', 'busy'],
    async handle({ params, query, body, principal }) {
      const { value } = parseJsonBytes(body, 'the body');
      if (!isJsonObject(value))
        throw new TidewallError('bad_request', 'the body must be an object, like {"kind":"log"}');
      if (Object.hasOwn(value, 'pattern')) {
        throw new TidewallError('bad_request', 'pattern is unknown here: the address says which topics are meant');
      }
      const settings = check(topicSettingsSchema, { ...value, pattern: params.pattern });
      const topics = await context.topicSettings.change(
        (list) => list.with(settings, query.at),
        changeOptions(context, principal, query.reset),
      );
      return jsonAnswer({ ...shownRow({ from: 'api', settings }), restarted: topics.slice(0, 100) });
    },
  });
}

function deleteSettings(context: ApiContext): BoundRoute {
  return defineRoute({
    method: 'DELETE',
    path: '/api/topic-settings/{pattern}',
    summary: 'Take back what the API said of the topics of a pattern',
    description: 'What is said of them next in the list counts from then on. What the file says is taken back there.',
    params: patternParams,
    needs: () => ({ thing: 'server', action: 'edit', name: 'topic-settings' }),
    query: z.strictObject({ reset }),
    answer: {
      description: 'Whether there was something to take back',
      contentType: 'application/json',
      schema: z.object({ removed: z.boolean(), restarted }),
    },
    errors: ['conflict', 'storage_full', 'busy'],
    async handle({ params, query, principal }) {
      let removed = false;
      const edit = (list: TopicSettingsList) => {
        const left = list.without(params.pattern);
        removed = left !== list;
        return left;
      };
      const topics = await context.topicSettings.change(edit, changeOptions(context, principal, query.reset));
      return jsonAnswer({ removed, restarted: topics.slice(0, 100) });
    },
  });
}

function changeOptions(
  { hub, elements }: ApiContext,
  principal: Principal,
  mayReset: string | undefined,
): ChangeOptions {
  const isGiven = (topic: TopicName) => elements.settingsOf(topic) !== undefined;
  return { hub, principal, reset: mayReset === 'true', isGiven };
}

function shownRow({ from, settings }: TopicSettingsRow): object {
  const { fits: _, ...said } = settings;
  return { ...said, from };
}
