import type { JsonObject } from '@tidewall/base';
import { createTestAuthority, FakeClock, findProgram, freePort, TestServers } from '@tidewall/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingSink } from '../recording-sink.ts';
import { eventually, SourceBed } from '../source-bed.contract.ts';
import { definition } from './definition.ts';
import { KEY, type MonitorServer, startMonitor } from './monitor-server.contract.ts';

const NOW = 1_700_000_123_456;
const bed = SourceBed.of(definition);
const servers = new TestServers();
let server: MonitorServer;
beforeEach(async () => {
  server = await startMonitor(servers);
  server.now = NOW;
});
afterEach(async () => {
  await bed.stop();
  await servers.close();
});

const settings = (more: object = {}): JsonObject => ({
  ...KEY,
  endpoint: `http://127.0.0.1:${server.port}`,
  ...{ namespace: 'QCE/CVM', metric: 'CPUUsage', instances: [{ InstanceId: 'ins-1' }, { InstanceId: 'ins-2' }] },
  rangeMs: 900_000,
  ...more,
});
const create = (more: object = {}, params = {}) => bed.create(settings(more), { clock: new FakeClock(NOW), params });

async function resultOf(more: object = {}, params = {}): Promise<RecordingSink> {
  const sink = new RecordingSink();
  const run = create(more, params).run(sink, bed.signal);
  await Promise.race([eventually(() => sink.results.length > 0), run]);
  await bed.stop();
  return sink;
}
const failure = (more: object = {}) => bed.failureOf(create(more));

describe('a metric', () => {
  it('is a series on its periods, with a column for each instance', async () => {
    server.value = (t, { InstanceId: id }) => (id === 'ins-1' ? t : null);
    const sink = await resultOf();
    const end = Math.floor(NOW / 300_000) * 300_000;
    const t = [end - 900_000, end - 600_000, end - 300_000, end];
    expect(sink.results).toEqual([{ topic: 'probe', data: { t, 'ins-1': t, 'ins-2': [null, null, null, null] } }]);
    expect(server.questions).toEqual([
      {
        Namespace: 'QCE/CVM',
        MetricName: 'CPUUsage',
        Instances: ['ins-1', 'ins-2'].map((id) => ({ Dimensions: [{ Name: 'InstanceId', Value: id }] })),
        Period: 300,
        StartTime: '2023-11-15T06:00:00+08:00',
        EndTime: '2023-11-15T06:15:00+08:00',
      },
    ]);
  });

  it('is a table of its newest values', async () => {
    const end = Math.floor(NOW / 300_000) * 300_000;
    server.value = (t) => (t === end ? null : t);
    const sink = await resultOf({ topicKind: 'table', legend: 'host {{InstanceId}}' });
    expect(sink.results[0]?.data).toEqual([
      { series: 'host ins-1', value: end - 300_000, InstanceId: 'ins-1' },
      { series: 'host ins-2', value: end - 300_000, InstanceId: 'ins-2' },
    ]);
    expect(create({ topicKind: 'table' }).topics).toEqual([{ topic: 'probe', kind: 'table', keyField: 'series' }]);
  });

  it('of many instances, or far back, is asked for in as many questions as the API takes', async () => {
    const instances = Array.from({ length: 25 }, (_, index) => ({ InstanceId: `ins-${index}` }));
    expect(Object.keys((await resultOf({ instances })).results[0]?.data ?? {})).toHaveLength(26);
    expect(server.questions.map(({ Instances: asked }) => asked?.length)).toEqual([10, 10, 5]);
    server.questions.length = 0;
    await resultOf({ instances: instances.slice(0, 3), periodSeconds: 60, rangeMs: 43_200_000 });
    expect(server.questions.map(({ Instances: asked }) => asked?.length)).toEqual([1, 1, 1]);
  });

  it('is asked for with the values of parameters, each the value of a dimension', async () => {
    const instances = [{ InstanceId: ':id', Zone: 'x:id' }];
    const sink = await resultOf({ instances }, { id: '"}],"Period":1' });
    expect(server.questions[0]?.Instances).toEqual([
      {
        Dimensions: [
          { Name: 'InstanceId', Value: '"}],"Period":1' },
          { Name: 'Zone', Value: 'x:id' },
        ],
      },
    ]);
    expect(Object.keys(sink.results[0]?.data ?? {})[1]).toBe('"}],"Period":1 x:id');
    expect(() => create({ instances: [{ InstanceId: ':none' }] })).toThrow(
      'stands for a parameter ":none" that there is none of',
    );
  });

  it('of which there is nothing has no points', async () => {
    server.answer = '{"Response":{"DataPoints":null,"RequestId":"x"}}';
    expect((await resultOf()).results[0]?.data).toEqual({ t: [] });
    expect((await resultOf({ topicKind: 'table' })).results[0]?.data).toEqual([]);
  });
});

describe('a question that is refused is told with its cure, and repeats no secret', () => {
  it.each<[string, object, string]>([
    [
      'an unknown key',
      { secretId: 'AKIDother' },
      'it does not know the secretId; it says: AuthFailure.SecretIdNotFound: The SecretId is not found',
    ],
    [
      'a wrong key',
      { secretKey: 's3cret-key' },
      'it does not take the signature: is secretKey that of secretId?; it says: AuthFailure.SignatureFailure',
    ],
    [
      'an old token',
      { sessionToken: 'expired' },
      'it does not take the sessionToken, or not any more; it says: AuthFailure.TokenFailure',
    ],
    [
      'another region',
      { region: 'ap-nowhere' },
      'it is not offered in that region (region); it says: UnsupportedRegion: not in ap-nowhere',
    ],
    [
      'an unknown namespace',
      { namespace: 'QCE/NONE' },
      'it does not take what is asked (namespace, metric, instances, periodSeconds); it says: InvalidParameterValue: namespace QCE/NONE is unknown',
    ],
    [
      'an unknown metric',
      { metric: 'Joy' },
      'it does not take what is asked (namespace, metric, instances, periodSeconds); it says: InvalidParameter.ParamError: metric Joy is unknown',
    ],
  ])('%s', async (_what, more, sentence) => {
    const message = await failure(more);
    expect(message).toContain(`Tencent Cloud (127.0.0.1:${server.port}): ${sentence}`);
    expect(message).not.toMatch(/s3cret|Gu5t9x/);
  });

  it.each([-301, 301])('a clock that is wrong by %i s', async (seconds) => {
    server.now = NOW - seconds * 1000;
    expect(await failure()).toContain("is of another time than its own: is this machine's clock right?");
  });

  it.each([-299, 299])('while one that is wrong by %i s is taken', async (seconds) => {
    server.now = NOW - seconds * 1000;
    expect((await resultOf()).results).toHaveLength(1);
  });

  it.each([
    [
      '{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":"slow down"},"RequestId":"x"}}',
      'it is asked too often (intervalMs); it says: RequestLimitExceeded: slow down',
    ],
    [
      '{"Response":{"Error":{"Code":"UnauthorizedOperation.CamNoAuth","Message":"no"},"RequestId":"x"}}',
      'QcloudMonitorReadOnlyAccess gives it',
    ],
    [
      '{"Response":{"Error":{"Code":"Brand.New","Message":"?"},"RequestId":"x"}}',
      'it does not answer; it says: Brand.New: ?',
    ],
    ['{}', 'answers with something else than Tencent Cloud does; is endpoint right?'],
    ['{"Response":{"DataPoints":[{"Timestamps":[1],"Values":[]}]}}', 'answers with something else'],
    ['{"Response":{"DataPoints":[{"Timestamps":["x"],"Values":[1]}]}}', 'answers with something else'],
    ['{"Response":{"DataPoints":[{"Dimensions":[{}]}]}}', 'answers with something else'],
    ['<html>', 'answers with what is no JSON; is endpoint right?'],
  ])('an answer like %s', async (answer, sentence) => {
    server.answer = answer;
    expect(await failure()).toContain(sentence);
  });

  it('a status, a silence, and nobody there', async () => {
    server.status = 503;
    expect(await failure()).toContain('answers 503: it is not ready');
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    expect(await failure({ endpoint })).toContain('cannot be asked: nothing listens there');
  });

  it('an answer that leads elsewhere is not followed, since what is signed is for one host', async () => {
    const elsewhere = await servers.http((_, response) => response.end('{}'));
    const leading = await servers.http((_, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${elsewhere.port}/` }).end();
    });
    expect(await failure({ endpoint: `http://127.0.0.1:${leading.port}` })).toContain(
      'leads on and on: more than 0 redirects',
    );
    expect(elsewhere.asked).toEqual([]);
  });
});

describe.skipIf(findProgram('openssl') === undefined)('over TLS (openssl)', () => {
  it('it is asked, and its certificate checked', async () => {
    const authority = createTestAuthority();
    const secure = await startMonitor(servers, authority.issue('IP:127.0.0.1'));
    secure.now = NOW;
    const endpoint = `https://127.0.0.1:${secure.port}`;
    expect((await resultOf({ endpoint, ca: authority.ca })).results).toHaveLength(1);
    expect(secure.questions).toHaveLength(1);
    expect(await failure({ endpoint })).toContain('name it in ca');
  });
});

it('settings that make no sense are refused by their field', () => {
  for (const [more, complaint] of [
    [
      { endpoint: 'https://monitor.tencentcloudapi.com/v1' },
      'sources.probe.endpoint: must have nothing behind the host',
    ],
    [{ secretKey: 'a b' }, 'sources.probe.secretKey: must be one word'],
    [{ instances: [] }, 'sources.probe.instances'],
    [{ instances: [{}] }, 'sources.probe.instances.0: must have a dimension'],
    [
      { periodSeconds: 60, rangeMs: 86_400_000 },
      'sources.probe.rangeMs: must be at most 86340000: an answer has at most 1440 points',
    ],
  ] as const) {
    expect(() => create(more)).toThrow(complaint);
  }
});
