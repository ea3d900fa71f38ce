import type { MqttConfig } from './config.ts';

const WRONG_CREDENTIALS = 'the username or password is wrong, or may not connect';

/** Answers of 3.1.1 to a connect (3.2.2.3). */
const RETURN_CODES: Readonly<Record<number, string>> = {
  1: 'it does not speak MQTT 3.1.1; set protocol to 5',
  2: 'it does not take this clientId',
  3: 'it is not available now',
  4: WRONG_CREDENTIALS,
  5: WRONG_CREDENTIALS,
};

/** Reason codes of 5 (2.4) that mean a failure. */
const REASON_CODES: Readonly<Record<number, string>> = {
  4: 'it ended the connection',
  128: 'it does not say why',
  129: 'it could not read what we sent',
  130: 'it says that we broke the protocol',
  131: 'it does not want to',
  132: 'it does not speak MQTT 5; set protocol to 3.1.1',
  133: 'it does not take this clientId',
  134: WRONG_CREDENTIALS,
  135: 'that is not allowed',
  136: 'it is not available now',
  137: 'it is busy',
  138: 'it has banned us',
  139: 'it is shutting down',
  140: 'it asks for another way to authenticate',
  141: 'it heard nothing of us for too long',
  142: 'another client connected with the same clientId',
  143: 'it does not take this filter',
  144: 'it does not take this name',
  147: 'we have left too much unanswered',
  149: 'a packet is too large',
  150: 'messages come too fast',
  151: 'a quota is used up',
  152: 'somebody ended it there',
  156: 'another server is to be used',
  157: 'it has moved to another server',
  158: 'it has no shared subscriptions',
  159: 'connections come too fast',
  160: 'it ends connections after a time',
  161: 'it has no subscription identifiers',
  162: 'it has no wildcards',
};

/** What an answer that is a refusal means; of a connect, when that is asked for. */
export function refusalOf(code: number, protocol: MqttConfig['protocol'], to: 'connect' | 'other'): string {
  if (protocol === '5') {
    // Mosquitto says so of wrong passwords too.
    if (to === 'connect' && code === 135) return WRONG_CREDENTIALS;
    return REASON_CODES[code] ?? `its reason is number ${code}`;
  }
  return to === 'connect' ? (RETURN_CODES[code] ?? `its answer is number ${code}`) : 'that is not allowed';
}
