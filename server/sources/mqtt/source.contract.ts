import { connect } from 'node:net';
import { generate } from 'mqtt-packet';
import type { SourceCase } from '../source-case.contract.ts';
import { startMosquitto } from './mosquitto.contract.ts';

const sourceCase: SourceCase = {
  needs: 'mosquitto',
  async prepare() {
    const broker = await startMosquitto();
    const publisher = connect(broker.port, '127.0.0.1');
    publisher.on('error', () => {});
    publisher.resume();
    publisher.write(
      generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId: 'publisher', clean: true }),
    );
    let n = 0;
    const timer = setInterval(() => {
      const payload = JSON.stringify({ n: n++ });
      publisher.write(generate({ cmd: 'publish', topic: 'shop/orders', payload, qos: 0, dup: false, retain: false }));
    }, 2);
    return {
      config: { url: broker.url, filters: { orders: 'shop/orders' } },
      wrong: { url: 'http://localhost:1883' },
      kill: () => broker.kill(),
      close: async () => {
        clearInterval(timer);
        publisher.destroy();
        await broker.close();
      },
    };
  },
};

export default sourceCase;
