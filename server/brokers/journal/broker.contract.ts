import type { BrokerCase } from '../broker-case.contract.ts';
import { JournalBed } from './journal-bed.contract.ts';

export const brokerCase: BrokerCase = {
  open: async () => {
    const bed = new JournalBed();
    await bed.prepare();
    let broker = await bed.open();
    return {
      broker,
      reopen: async () => {
        await broker.close();
        broker = await bed.open();
        return broker;
      },
      dispose: () => bed.dispose(),
    };
  },
};
