import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { TestCertificate, TestServer, TestServers } from '@tidewall/testkit';

/** The key that the server knows. */
export const KEY = { secretId: 'AKIDtestkey', secretKey: 'Gu5t9xGARNpq86cd98joQYCN3test', region: 'ap-guangzhou' };

interface Asked {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Instances?: readonly { readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[] }[];
  readonly Period?: number;
  readonly StartTime?: string;
  readonly EndTime?: string;
}

/** What stands in for Tencent Cloud Monitor: written from its documentation, and as strict. Tests only. */
export interface MonitorServer extends TestServer {
  /** The questions that were taken. */
  readonly questions: Asked[];
  /** Its clock, ms since 1970. */
  now: number;
  /** A value at a time, in ms, of an instance. */
  value: (t: number, dimensions: Readonly<Record<string, string>>) => number | null;
  /** In place of the answer, where it is there. */
  answer: string | undefined;
  status: number;
}

export async function startMonitor(servers: TestServers, tls?: TestCertificate): Promise<MonitorServer> {
  const questions: Asked[] = [];
  const state = {
    now: 1_700_000_000_000,
    value: ((t) => t / 1000) as MonitorServer['value'],
    answer: undefined as string | undefined,
    status: 200,
  };
  const answerTo = (headers: IncomingHttpHeaders, body: string) => {
    const refusal = refusalOf(headers, body, state.now);
    if (refusal !== undefined) return { Error: { Code: refusal[0], Message: refusal[1] } };
    const asked = JSON.parse(body) as Asked;
    const fault = faultOf(asked);
    if (fault !== undefined) return { Error: { Code: fault[0], Message: fault[1] } };
    questions.push(asked);
    return measured(asked, state.value);
  };
  const server = await servers.http(
    (request, response, body) => {
      const answer = {
        Response: { ...answerTo(request.headers, body), RequestId: 'b4c21b5e-9f0d-4d3c-8f4a-000000000000' },
      };
      response.writeHead(state.status, { 'content-type': 'application/json' });
      response.end(state.answer ?? JSON.stringify(answer));
    },
    tls === undefined ? {} : { tls },
  );
  return Object.assign(state, server, { questions, open: server.open });
}

/** As the signature method v3 is described, from the side of who checks it. */
function refusalOf(headers: IncomingHttpHeaders, body: string, now: number): [string, string] | undefined {
  const authorization = headers.authorization ?? '';
  const form =
    /^TC3-HMAC-SHA256 Credential=([^/]+)\/(\d{4}-\d\d-\d\d)\/(\w+)\/tc3_request, SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})$/;
  const [, id, date = '', service = '', names = '', signature = ''] = form.exec(authorization) ?? [];
  const header = (name: string) => String(headers[name] ?? '');
  const timestamp = Number(header('x-tc-timestamp'));
  if (id === undefined) return ['AuthFailure.InvalidAuthorization', 'authorization header is malformed'];
  if (id !== KEY.secretId) return ['AuthFailure.SecretIdNotFound', 'The SecretId is not found'];
  if (header('x-tc-token') === 'expired') return ['AuthFailure.TokenFailure', 'token expired'];
  if (Math.abs(now / 1000 - timestamp) > 300)
    return ['AuthFailure.SignatureExpire', `signature expired: ${authorization}`];
  if (new Date(timestamp * 1000).toISOString().slice(0, 10) !== date)
    return ['AuthFailure.SignatureFailure', 'wrong date'];
  const signed = names.split(';');
  const sorted = [...signed].sort().join(';') === names;
  const named = ['content-type', 'host'].every((name) => signed.includes(name));
  if (!sorted || !named || service !== 'monitor') return ['AuthFailure.SignatureFailure', 'wrong headers'];
  const lines = signed.map((name) => `${name}:${header(name).trim().toLowerCase()}\n`).join('');
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const text = `TC3-HMAC-SHA256\n${timestamp}\n${date}/${service}/tc3_request\n${hash(`POST\n/\n\n${lines}\n${names}\n${hash(body)}`)}`;
  let key: string | Buffer = `TC3${KEY.secretKey}`;
  for (const part of [date, service, 'tc3_request']) key = createHmac('sha256', key).update(part).digest();
  const expected = createHmac('sha256', key).update(text).digest();
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) {
    return ['AuthFailure.SignatureFailure', 'The provided credentials could not be validated'];
  }
  if (header('x-tc-action') !== 'GetMonitorData' || header('x-tc-version') !== '2018-07-24') {
    return ['InvalidAction', 'no such action'];
  }
  if (header('x-tc-region') !== KEY.region) return ['UnsupportedRegion', `not in ${header('x-tc-region')}`];
  return undefined;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/;

function faultOf({ Namespace: namespace, MetricName: metric, Instances: instances = [], ...asked }: Asked) {
  const { StartTime: start = '', EndTime: end = '', Period: period = 300 } = asked;
  const fault = (code: string, message: string): [string, string] => [code, message];
  if (namespace !== 'QCE/CVM') return fault('InvalidParameterValue', `namespace ${namespace} is unknown`);
  if (metric !== 'CPUUsage') return fault('InvalidParameter.ParamError', `metric ${metric} is unknown`);
  if (!TIME.test(start) || !TIME.test(end)) return fault('InvalidParameter', 'time is malformed');
  if (instances.length < 1 || instances.length > 10)
    return fault('InvalidParameter.InvalidParameter', 'instances exceed 10');
  const points = ((Date.parse(end) - Date.parse(start)) / 1000 / period + 1) * instances.length;
  if (points > 1440) return fault('LimitExceeded', 'more than 1440 points');
  return undefined;
}

function measured(asked: Asked, value: MonitorServer['value']) {
  const { Instances: instances = [], Period: period = 300, StartTime: start = '', EndTime: end = '' } = asked;
  const times: number[] = [];
  for (let t = Date.parse(start); t <= Date.parse(end); t += period * 1000) times.push(t);
  return {
    StartTime: start,
    EndTime: end,
    Period: period,
    MetricName: asked.MetricName,
    DataPoints: instances.map(({ Dimensions: dimensions }) => {
      const named = Object.fromEntries(dimensions.map(({ Name: name, Value: of }) => [name, of]));
      return {
        Dimensions: dimensions,
        Timestamps: times.map((t) => t / 1000),
        Values: times.map((t) => value(t, named)),
      };
    }),
  };
}
